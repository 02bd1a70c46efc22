// When a secondary looks for news, and whom it asks.
import type { DelayedCall, Has } from '@hawser/core';
import type { Zone } from '../zone/zone.ts';
import type { RefreshTimes } from './refresh-times.ts';
import type { CheckedPrimary } from './secondary-options.ts';

/** What a look at a primary found. Only `older` is no news from somebody who knows. */
export type Found = 'newer' | 'current' | 'older';

/** What a {@link Refresher} needs. */
export interface RefresherOptions {
  readonly primaries: readonly CheckedPrimary[];
  readonly times: RefreshTimes;
  /** Shortest time between two looks that notices cause. */
  readonly notifyIntervalMs: number;
  /** What there is. */
  readonly zone: () => Zone | undefined;
  /** For how long that is good. */
  readonly secondsLeft: () => number;
  /** Looks at one primary, and takes what is newer. May fail. */
  readonly look: (primary: CheckedPrimary, signal: AbortSignal) => Promise<Found>;
  /** A look failed. */
  readonly failed: (error: unknown) => void;
}

/** The longest a clock waits. Looking early does no harm. */
const MAX_WAIT_MS = 0x7fff_ffff;

/** Looks at the primaries when it is time, one at a time, until one is good. */
export class Refresher {
  readonly #clock: Has<'clock'>['clock'];
  readonly #options: RefresherOptions;
  readonly #abort = new AbortController();
  #timer: DelayedCall | undefined;
  #round: Promise<void> | undefined;
  #roundAt = Number.NEGATIVE_INFINITY;
  /** Who is asked first: who worked last, or who said that there is news. */
  #first: number;
  #failures = 0;
  #notified = false;

  constructor({ clock }: Has<'clock'>, options: RefresherOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#first = 0;
  }

  /** When the next look is due, on the clock; undefined while one is made. */
  get dueAt(): number | undefined {
    return this.#timer?.active ? this.#timer.at : undefined;
  }

  /** Looks now, or joins the look that is being made. Never rejects. */
  now(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve();
    this.#timer?.cancel();
    this.#round ??= this.#look();
    return this.#round;
  }

  /** Somebody says that there is news. `primary` is who, if it is one of them. */
  notified(primary: CheckedPrimary | undefined): void {
    if (primary !== undefined) this.#first = Math.max(0, this.#options.primaries.indexOf(primary));
    this.#notified = true;
    if (this.#round === undefined) this.#lookSoon();
  }

  /** Ends what is being done, and does no more. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#timer?.cancel();
    await this.#round;
  }

  #lookSoon(): void {
    const { notifyIntervalMs } = this.#options;
    this.#wait(Math.max(0, this.#roundAt + notifyIntervalMs - this.#clock.now()));
  }

  #wait(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.callLater(Math.min(ms, MAX_WAIT_MS), () => void this.now());
  }

  async #look(): Promise<void> {
    this.#roundAt = this.#clock.now();
    const notified = this.#notified;
    this.#notified = false;
    const good = await this.#ask(notified);
    this.#round = undefined;
    if (this.#abort.signal.aborted) return;
    this.#failures = good ? 0 : this.#failures + 1;
    const { times, zone, secondsLeft } = this.#options;
    const there = zone();
    const wait =
      good && there ? times.refreshMs(there, secondsLeft()) : times.retryMs(there, this.#failures);
    if (this.#notified) this.#lookSoon();
    else this.#wait(wait);
  }

  /** True if one of them has what we have now. After a notice one with nothing newer is not the last one asked. */
  async #ask(notified: boolean): Promise<boolean> {
    const { primaries, look, failed } = this.#options;
    const first = this.#first;
    let good = false;
    for (let turn = 0; turn < primaries.length; turn++) {
      const index = (first + turn) % primaries.length;
      const primary = primaries[index];
      if (primary === undefined || this.#abort.signal.aborted) break;
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next one is asked only if this one is no good
        const found = await look(primary, this.#abort.signal);
        if (found === 'older') continue;
        good = true;
        if (this.#first === first) this.#first = index;
        if (found === 'newer' || !notified) break;
      } catch (error) {
        if (!this.#abort.signal.aborted) failed(error);
      }
    }
    return good;
  }
}
