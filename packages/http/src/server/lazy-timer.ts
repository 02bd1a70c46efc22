import type { Clock, DelayedCall } from '@hawser/core';

/**
 * One timer for all deadlines of a connection. It is not moved when a deadline is: it fires, looks, and waits again, so
 * that a request costs no timer.
 */
export class LazyTimer {
  readonly #clock: Clock;
  readonly #look: (now: number) => void;
  #timer: DelayedCall | undefined;

  /** @param look does what is due, and arms the timer again */
  constructor(clock: Clock, look: (now: number) => void) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Makes sure of a look at `at`, on the clock of the reactor, or before. */
  arm(at: number, now: number): void {
    if (at === Number.POSITIVE_INFINITY) return;
    if (this.#timer) {
      if (this.#timer.at <= at) return;
      this.#timer.cancel();
    }
    this.#timer = this.#clock.callLater(Math.max(at - now, 1), this.#fired);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #fired = (): void => {
    this.#timer = undefined;
    this.#look(this.#clock.now());
  };
}
