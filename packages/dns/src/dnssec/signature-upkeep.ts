// Renews signatures before they end, by ordinary changes: a walk over all names that never ends, a few at a time.
import type { DelayedCall, Has } from '@hawser/core';
import type { LiveZone } from '../contract/live-zone.ts';
import type { SignatureTerms } from './signature-terms.ts';
import { findStale, type WalkPart } from './stale-signatures.ts';
import type { ZoneKeys } from './zone-keys.ts';

/** What upkeep works on and with. */
export interface UpkeepStart {
  readonly zone: LiveZone;
  readonly reactor: Has<'clock' | 'reports'>;
  readonly terms: SignatureTerms;
  readonly keys: () => ZoneKeys | undefined;
  /** Told when a walk is over: when it began, and the longest TTL in the zone, in seconds. Must not throw. */
  readonly walked: (walk: { readonly began: number; readonly maxTtl: number }) => void;
}

/** Names looked at in one go: some milliseconds. */
const MAX_NAMES = 500;
/** Signatures made in one go: as much again. */
const MAX_SIGNATURES = 100;
/** Between two goes while something has to be done soon. */
const FAST_MS = 100;
/** After a failure of the store. */
const RETRY_MS = 5000;
/** A walk takes at most this part of the time in which a signature has to be renewed. */
const WALKS_PER_RENEWAL = 8;
const MAX_WAIT_MS = 0x7fff_ffff;
/** The wall clock may jump. */
const MAX_REST_MS = 120_000;

/** Walks over the signatures of one zone. */
export class SignatureUpkeep implements Disposable {
  readonly #start: UpkeepStart;
  #timer: DelayedCall | undefined;
  #at: string;
  /** When the walk that goes on began; undefined between two. */
  #began: number | undefined;
  /** Another walk is to begin at that time, or later. */
  #againAt = 0;
  #maxTtl = 0;
  /** Names looked at in the last go. */
  #looked = MAX_NAMES;
  #fast = true;
  /** A walk is to begin now. */
  #isDue = true;
  #disposed = false;
  #working: Promise<void> | undefined;

  constructor(start: UpkeepStart) {
    this.#start = start;
    this.#at = start.zone.origin.key;
    // Nobody may have renewed anything for weeks.
    this.#wait(0);
  }

  /** Begins anew and hurries, as the keys have changed, and does so once more at `againAt`, milliseconds since 1970. */
  hurry({ againAt }: { readonly againAt: number }): void {
    this.#at = this.#start.zone.origin.key;
    this.#began = undefined;
    this.#againAt = againAt;
    this.#maxTtl = 0;
    this.#fast = true;
    this.#isDue = true;
    if (this.#working === undefined) this.#wait(0);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.cancel();
  }

  /** Resolves when no change is on its way. */
  async idle(): Promise<void> {
    await this.#working;
  }

  #wait(ms: number): void {
    this.#timer?.cancel();
    if (this.#disposed) return;
    this.#timer = this.#start.reactor.clock.callLater(Math.min(ms, MAX_WAIT_MS), () => {
      this.#working = this.#work();
    });
  }

  async #work(): Promise<void> {
    const { reactor } = this.#start;
    let ms = RETRY_MS;
    try {
      await this.#go();
      ms = this.#fast ? this.#rest() : this.#pause();
    } catch (error) {
      reactor.reports.problem('dns.zone.signatures', error);
    }
    this.#working = undefined;
    this.#wait(ms);
  }

  async #go(): Promise<void> {
    const { zone, reactor, terms, keys: keysNow, walked } = this.#start;
    const keys = keysNow();
    if (keys === undefined) {
      this.#fast = false;
      return;
    }
    const from = this.#at;
    const began = (this.#began ??= reactor.clock.epoch());
    this.#isDue = false;
    const nowSeconds = Math.floor(reactor.clock.epoch() / 1000);
    const { renewalSeconds } = terms;
    const { result: part } = await zone.transact((content) => {
      const limits = { maxNames: MAX_NAMES, maxSignatures: MAX_SIGNATURES };
      const found = findStale(content, from, { keys, nowSeconds, renewalSeconds, ...limits });
      return { edits: found.edits, result: found };
    });
    // Somebody wants to begin anew.
    if (this.#isDue) return;
    this.#proceed(part);
    if (part.next !== undefined) return;
    const maxTtl = this.#maxTtl;
    this.#maxTtl = 0;
    this.#fast = began < this.#againAt;
    this.#began = undefined;
    walked({ began, maxTtl });
  }

  #proceed({ names, next, maxTtl }: WalkPart): void {
    this.#looked = names;
    this.#maxTtl = Math.max(this.#maxTtl, maxTtl);
    this.#at = next ?? this.#start.zone.origin.key;
  }

  /** Between two goes in a hurry, or until it is time for another walk. */
  #rest(): number {
    if (this.#isDue || this.#began !== undefined) return FAST_MS;
    const ms = this.#againAt - this.#start.reactor.clock.epoch();
    return Math.min(Math.max(ms, FAST_MS), MAX_REST_MS);
  }

  /** Spreads a walk over the time there is, by the names of each go: there are fewer where many signatures had to be made. */
  #pause(): number {
    const { terms, zone } = this.#start;
    const walkMs = (terms.renewalSeconds * 1000) / WALKS_PER_RENEWAL;
    return Math.max(FAST_MS, (walkMs * this.#looked) / Math.max(zone.snapshot.size, this.#looked));
  }
}
