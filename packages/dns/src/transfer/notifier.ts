// NOTIFY out (RFC 1996): secondaries hear of a change when it is made, not when they happen to look.
import type { Reactor } from '@hawser/core';
import { type DnsClient, dnsClient } from '../client/dns-client.ts';
import { type DnsServerLike, toDnsServer } from '../client/dns-server.ts';
import type { Outcome } from '../contract/answer.ts';
import type { DnsHandlerObject, Eventually, Next } from '../contract/handler.ts';
import type { TransferableZone } from '../contract/live-zone.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import type { TsigKey } from '../tsig/key.ts';
import type { NotifyCounters } from './notify-courier.ts';
import { type AnnouncerOptions, type NotifyTarget, ZoneAnnouncer } from './zone-announcer.ts';

/** Options for {@link notifier}. */
export interface NotifierOptions {
  /** Servers to tell besides the name servers of each zone. @defaultValue none */
  readonly also?: readonly (DnsServerLike | NotifyTarget)[] | undefined;
  /** Tell the name servers of a zone, but for the primary that its start of authority names. @defaultValue true */
  readonly nameServers?: boolean | undefined;
  /** Port of the name servers. @defaultValue 53 */
  readonly port?: number | undefined;
  /** Signs for those who have no key of their own (RFC 8945). */
  readonly key?: TsigKey | undefined;
  /** How long to wait after a change for others, in milliseconds. @defaultValue 200 */
  readonly debounceMs?: number | undefined;
  /** How often to tell a server that does not answer again: after 1, 2, 4 and at most 60 seconds. @defaultValue 5 */
  readonly retries?: number | undefined;
  /** Longest wait for an answer, in milliseconds. @defaultValue 5000 */
  readonly timeoutMs?: number | undefined;
  /** Asks with it. @defaultValue one of its own */
  readonly client?: DnsClient | undefined;
}

/** A handler made by {@link notifier}. */
export interface Notifier extends DnsHandlerObject {
  readonly counters: Readonly<NotifyCounters>;
}

/** Notices that may be on their way at a time; others wait. */
const MAX_IN_FLIGHT = 100;
const MAX_WAITING = 1_000_000;

/**
 * Tells the secondaries of `zones` when they change, and once when the server starts. It answers nothing itself. Any answer of a
 * secondary is good, as it says that the notice has arrived.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 *
 * @example
 * dnsService(':53', [notifier(zone, { also: ['192.0.2.53'] }), transfers(zone, { allow: ['192.0.2.53'] }), zone]);
 */
export function notifier(
  zones: TransferableZone | readonly TransferableZone[],
  options: NotifierOptions = {},
): Notifier {
  return new AnnouncingHandler('origin' in zones ? [zones] : zones, options);
}

class AnnouncingHandler implements Notifier {
  readonly counters: NotifyCounters = { sent: 0, delivered: 0, failed: 0 };
  readonly #zones: readonly TransferableZone[];
  readonly #given: DnsClient | undefined;
  readonly #options: Omit<AnnouncerOptions, 'client'>;
  #users = 0;
  #client: DnsClient | undefined;
  #announcers: readonly ZoneAnnouncer[] = [];

  constructor(zones: readonly TransferableZone[], options: NotifierOptions) {
    const { also = [], nameServers = true, port = 53, key } = options;
    const { debounceMs = 200, retries = 5, timeoutMs = 5_000 } = options;
    if (!(debounceMs >= 0 && retries >= 0 && timeoutMs > 0)) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot notify as debounceMs and retries must not be below 0 and timeoutMs above: ${debounceMs}, ${retries}, ${timeoutMs}`,
      );
    }
    const targets = also.map(toTarget);
    for (const { server } of targets) toDnsServer(server);
    this.#zones = zones;
    this.#given = options.client;
    this.#options = {
      also: targets,
      nameServers: nameServers ? { port } : undefined,
      key,
      debounceMs,
      retries,
      timeoutMs,
      counters: this.counters,
    };
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    return next(query);
  }

  started(reactor: Reactor): void {
    this.#users += 1;
    if (this.#users > 1) return;
    const client =
      this.#given ??
      dnsClient({
        reactor,
        maxInFlight: MAX_IN_FLIGHT,
        maxWaiting: MAX_WAITING,
        deadlineMs: DEADLINE_MS,
      });
    this.#client = client;
    this.#announcers = this.#zones.map(
      (zone) => new ZoneAnnouncer(reactor, zone, { ...this.#options, client }),
    );
    for (const announcer of this.#announcers) announcer.start();
  }

  async stopped(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const announcer of this.#announcers) announcer.stop();
    this.#announcers = [];
    const client = this.#client;
    this.#client = undefined;
    if (client !== this.#given) await client?.close();
  }
}

/** Of a notice, its turn to be sent included. */
const DEADLINE_MS = 600_000;

function toTarget(like: DnsServerLike | NotifyTarget): NotifyTarget {
  return typeof like === 'object' && 'server' in like ? like : { server: like };
}
