import type { Pace } from '../../connection/paced-queue.ts';
import type { Clock, DelayedCall } from '../../contract/clock.ts';
import { TokenBucket, type TokenBucketOptions } from '../token-bucket.ts';

/** Those who wait take turns of as many bytes as come in this time, so that none waits for a large one. */
const TURN_MS = 50;

interface Waiter {
  readonly wanted: number;
  readonly ready: () => void;
}

/** Bytes a second, shared by whoever asks: first come, first served, a piece each. One timer serves all. */
export class Allowance implements Pace {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #turnBytes: number;
  readonly #waiters = new Set<Waiter>();
  #timer: DelayedCall | undefined;
  /** The one whose turn it is may take, past those who wait. */
  #serving = false;

  constructor(clock: Clock, options: TokenBucketOptions) {
    const { perSecond, burst } = options;
    this.#clock = clock;
    this.#bucket = new TokenBucket(options, clock.now());
    this.#turnBytes = Math.max(1, Math.floor(Math.min(burst, (perSecond * TURN_MS) / 1000)));
  }

  take(wanted: number): number {
    const now = this.#clock.now();
    if (this.#waiters.size === 0) return this.#bucket.take(wanted, now);
    if (!this.#serving) return 0;
    this.#serving = false;
    return this.#bucket.take(Math.min(wanted, this.#turnBytes), now);
  }

  whenReady(wanted: number, ready: () => void): Disposable {
    const waiter: Waiter = { wanted, ready };
    this.#waiters.add(waiter);
    this.#schedule();
    return {
      [Symbol.dispose]: () => {
        this.#waiters.delete(waiter);
        if (this.#waiters.size > 0) return;
        this.#timer?.cancel();
        this.#timer = undefined;
      },
    };
  }

  #schedule(): void {
    if (this.#timer) return;
    for (const first of this.#waiters) {
      this.#timer = this.#clock.callLater(this.#msUntil(first), () => this.#serve());
      return;
    }
  }

  #serve(): void {
    this.#timer = undefined;
    // Whoever is served and waits again comes up once more, behind the others, until nothing is left to give.
    for (const waiter of this.#waiters) {
      if (this.#msUntil(waiter) > 0) break;
      this.#waiters.delete(waiter);
      this.#serving = true;
      waiter.ready();
      this.#serving = false;
    }
    this.#schedule();
  }

  #msUntil({ wanted }: Waiter): number {
    return this.#bucket.msUntil(Math.min(wanted, this.#turnBytes), this.#clock.now());
  }
}
