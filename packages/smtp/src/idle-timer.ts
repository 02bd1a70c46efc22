import type { Clock, DelayedCall } from '@hawser/core';

/** Calls back after a time without a touch. The timer is not moved for each touch; it looks again when it fires. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #expired: () => void;
  #due = 0;
  #call: DelayedCall | undefined;
  #cancelled = false;

  constructor(clock: Clock, options: { readonly ms: number; readonly expired: () => void }) {
    this.#clock = clock;
    this.#ms = options.ms;
    this.#expired = options.expired;
  }

  /** Begins, or begins again. */
  touch(): void {
    if (this.#cancelled) return;
    this.#due = this.#clock.now() + this.#ms;
    this.#call ??= this.#clock.callLater(this.#ms, () => this.#look());
  }

  /** For good: a touch that comes late starts nothing. */
  cancel(): void {
    this.#cancelled = true;
    this.#call?.cancel();
    this.#call = undefined;
  }

  #look(): void {
    this.#call = undefined;
    const left = this.#due - this.#clock.now();
    if (left > 0) this.#call = this.#clock.callLater(left, () => this.#look());
    else this.#expired();
  }
}
