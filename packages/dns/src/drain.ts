// Waiting for answers that are being made.

import type { DrainReport } from '@hawser/core';
import { type Clock, Deferred } from '@hawser/core';

/** Counts work that was begun and not finished. */
export class InFlight {
  #count = 0;
  #finished = 0;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count++;
  }

  finish(): void {
    this.#count--;
    this.#finished++;
    if (this.#count > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Settles when nothing is in flight, or at `deadline` on `clock`. What is not finished then counts as aborted. */
  drain(deadline: number, clock: Clock): Deferred<DrainReport> {
    const before = this.#finished;
    const drained = new Deferred<DrainReport>();
    const settle = (): void => {
      timer.cancel();
      drained.resolve({ finished: this.#finished - before, aborted: this.#count });
    };
    const timer = clock.callLater(deadline - clock.now(), settle);
    if (this.#count === 0) settle();
    else this.#waiting.push(settle);
    return drained;
  }
}
