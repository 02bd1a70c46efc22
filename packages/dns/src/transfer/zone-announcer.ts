// Tells all other servers of one zone what is new.
import type { DelayedCall, Reactor } from '@hawser/core';
import type { DnsClient } from '../client/dns-client.ts';
import { type DnsServerLike, toDnsServer } from '../client/dns-server.ts';
import type { TransferableZone } from '../contract/live-zone.ts';
import type { TsigKey } from '../tsig/key.ts';
import { type NotifyCounters, NotifyCourier } from './notify-courier.ts';
import { zoneServers } from './zone-servers.ts';

/** A server to tell, with the key to sign for it. */
export interface NotifyTarget {
  readonly server: DnsServerLike;
  readonly key?: TsigKey | undefined;
}

/** How one zone is announced. */
export interface AnnouncerOptions {
  readonly client: DnsClient;
  readonly also: readonly NotifyTarget[];
  /** Tell the name servers of the zone, at this port. */
  readonly nameServers: { readonly port: number } | undefined;
  readonly key: TsigKey | undefined;
  readonly debounceMs: number;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly counters: NotifyCounters;
}

/** How soon addresses that could not be found are looked for again. */
const RESOLVE_AGAIN_MS = 10_000;

/** Announces the versions of one zone from {@link start} to {@link stop}. */
export class ZoneAnnouncer {
  readonly #reactor: Reactor;
  readonly #zone: TransferableZone;
  readonly #options: AnnouncerOptions;
  readonly #couriers = new Map<string, NotifyCourier>();
  #listening: Disposable | undefined;
  #timer: DelayedCall | undefined;
  #unresolved = 0;
  #stopped = false;

  constructor(reactor: Reactor, zone: TransferableZone, options: AnnouncerOptions) {
    this.#reactor = reactor;
    this.#zone = zone;
    this.#options = options;
  }

  /** Tells what there is now, and from then on each change. */
  start(): void {
    this.#listening = this.#zone.onChange(() => {
      this.#unresolved = 0;
      this.#soon(this.#options.debounceMs);
    });
    this.#soon(this.#options.debounceMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#listening?.[Symbol.dispose]();
    this.#timer?.cancel();
    for (const courier of this.#couriers.values()) courier.stop();
    this.#couriers.clear();
  }

  /** The first change of several sets the timer: a zone that never rests is announced all the same. */
  #soon(ms: number): void {
    const { clock } = this.#reactor;
    const due = clock.now() + ms;
    if (this.#timer?.active && this.#timer.at <= due) return;
    this.#timer?.cancel();
    this.#timer = clock.callLater(ms, () => {
      this.#announce().catch((error: unknown) => {
        this.#reactor.reports.problem('dns.notify', error);
      });
    });
  }

  async #announce(): Promise<void> {
    const zone = this.#zone.snapshot;
    if (zone === undefined) return;
    const { also, nameServers, key, retries } = this.#options;
    const { resolver } = this.#reactor;
    const found =
      nameServers === undefined
        ? { servers: [], unresolved: [] }
        : await zoneServers(zone, { resolver, port: nameServers.port });
    if (this.#stopped) return;
    const targets = [...found.servers.map((server) => ({ server, key })), ...also];
    const keep = new Set<string>();
    for (const target of targets) {
      const { text } = toDnsServer(target.server);
      keep.add(text);
      this.#courier(text, target).tell(zone);
    }
    for (const [text, courier] of this.#couriers) {
      if (keep.has(text)) continue;
      courier.stop();
      this.#couriers.delete(text);
    }
    if (found.unresolved.length > 0 && this.#unresolved++ < retries) this.#soon(RESOLVE_AGAIN_MS);
  }

  #courier(text: string, { server, key = this.#options.key }: NotifyTarget): NotifyCourier {
    let courier = this.#couriers.get(text);
    if (courier === undefined) {
      const { client, retries, timeoutMs, counters } = this.#options;
      const options = { client, server, key, retries, timeoutMs, counters };
      courier = new NotifyCourier(this.#reactor, options);
      this.#couriers.set(text, courier);
    }
    return courier;
  }
}
