// Tells one server of one zone that there is a newer version (RFC 1996), until it says anything.
import type { Deferred, DelayedCall, Has } from '@hawser/core';
import type { DnsClient } from '../client/dns-client.ts';
import type { DnsServerLike } from '../client/dns-server.ts';
import { Flag } from '../message/header.ts';
import { Class, Opcode, Type } from '../numbers.ts';
import type { TsigKey } from '../tsig/key.ts';
import type { Zone } from '../zone/zone.ts';

/** What became of notices. */
export interface NotifyCounters {
  /** Messages sent, repeated ones included. */
  sent: number;
  /** Notices that were answered, whatever the answer was. */
  delivered: number;
  /** Notices that nobody answered, however often they were sent. */
  failed: number;
}

/** How notices are sent. */
export interface CourierOptions {
  readonly client: DnsClient;
  readonly server: DnsServerLike;
  readonly key: TsigKey | undefined;
  /** How often to try again. */
  readonly retries: number;
  /** Longest wait for an answer. */
  readonly timeoutMs: number;
  readonly counters: NotifyCounters;
}

/** Waits between the tries: 1, 2, 4 seconds and so on. */
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;

/** Sends the notices about one zone to one server. */
export class NotifyCourier {
  readonly #reactor: Has<'clock' | 'random'>;
  readonly #options: CourierOptions;
  #newest: Zone | undefined;
  /** The last serial it has answered. */
  #known: number | undefined;
  #failures = 0;
  #sending: Deferred<unknown> | undefined;
  #timer: DelayedCall | undefined;

  constructor(reactor: Has<'clock' | 'random'>, options: CourierOptions) {
    this.#reactor = reactor;
    this.#options = options;
  }

  /** Tells of `zone`, unless that is what it was told last. A notice of an older version is not repeated any more. */
  tell(zone: Zone): void {
    if (this.#newest?.serial === zone.serial) return;
    this.#newest = zone;
    this.#failures = 0;
    this.#timer?.cancel();
    if (this.#sending === undefined) this.#send();
  }

  /** Gives up. */
  stop(): void {
    this.#timer?.cancel();
    this.#newest = undefined;
    this.#sending?.cancel();
  }

  #send(): void {
    const zone = this.#newest;
    if (zone === undefined || zone.serial === this.#known) return;
    const { client, server, key, timeoutMs, counters } = this.#options;
    counters.sent += 1;
    const sending = client.exchange(noticeOf(zone), server, { key, timeoutMs, attempts: 1 });
    this.#sending = sending;
    void sending.addBoth(({ state }) => {
      this.#sending = undefined;
      if (state === 'fulfilled') this.#delivered(zone);
      else this.#failed(zone);
    });
  }

  #delivered({ serial }: Zone): void {
    this.#options.counters.delivered += 1;
    this.#known = serial;
    this.#send();
  }

  #failed({ serial }: Zone): void {
    if (this.#newest?.serial !== serial) {
      this.#send();
      return;
    }
    if (this.#failures >= this.#options.retries) {
      this.#options.counters.failed += 1;
      return;
    }
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, MAX_DELAY_MS);
    this.#failures += 1;
    const { clock, random } = this.#reactor;
    // Not all at the same moment, as many zones lose the same server together.
    this.#timer = clock.callLater(delayMs * (1 + random.float() / 4), () => this.#send());
  }
}

function noticeOf({ origin, soa }: Zone): Parameters<DnsClient['exchange']>[0] {
  const [rdata] = soa.records;
  const { name, type, ttl } = soa;
  return {
    name: origin,
    type: Type.SOA,
    opcode: Opcode.Notify,
    flags: Flag.Authoritative,
    answer: [{ name, type, class: Class.IN, ttl, rdata }],
  };
}
