import type { Clock, DelayedCall } from '@hawser/core';

/**
 * Calls back when nothing has happened for a while. A sign of life costs an assignment: the timer is moved only when it
 * fires.
 */
export class Inactivity {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #ms = 0;
  #lastAt = 0;
  #timer: DelayedCall | undefined;
  #watching = false;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Begins to wait `ms` milliseconds from now; 0 waits for ever. */
  watch(ms: number): void {
    if (ms !== this.#ms) this.#timer = cancelled(this.#timer);
    this.#ms = ms;
    this.#lastAt = this.#clock.now();
    this.#watching = ms > 0;
    if (this.#watching) this.#timer ??= this.#clock.callLater(ms, () => this.#fire());
  }

  /** Something has happened. */
  touch(): void {
    this.#lastAt = this.#clock.now();
  }

  /** Nobody waits at present. */
  rest(): void {
    this.#watching = false;
  }

  /** Nobody will wait any more. */
  stop(): void {
    this.#watching = false;
    this.#timer = cancelled(this.#timer);
  }

  #fire(): void {
    this.#timer = undefined;
    if (!this.#watching) return;
    const left = this.#lastAt + this.#ms - this.#clock.now();
    if (left > 0) {
      this.#timer = this.#clock.callLater(left, () => this.#fire());
      return;
    }
    this.#watching = false;
    this.#expired();
  }
}

function cancelled(timer: DelayedCall | undefined): undefined {
  timer?.cancel();
  return undefined;
}
