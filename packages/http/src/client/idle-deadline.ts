import type { Clock, DelayedCall } from '@hawser/core';

/** How long a connection may rest, and live. */
export interface IdleLimits {
  /** Longest it stays open without a request, in milliseconds. */
  readonly idleMs: number;
  /** Longest it is used, in milliseconds; 0 for ever. */
  readonly lifetimeMs: number;
}

/** Ends a connection that rests for too long. One timer serves many rests: it looks again when it fires. */
export class IdleDeadline {
  readonly #clock: Clock;
  readonly #limits: IdleLimits;
  readonly #bornAt: number;
  readonly #expire: () => void;
  #until = Number.POSITIVE_INFINITY;
  #resting = false;
  #timer: DelayedCall | undefined;
  /** What the server has said that it waits. */
  hintMs: number | undefined;

  constructor(clock: Clock, limits: IdleLimits, expire: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#bornAt = clock.now();
    this.#expire = expire;
  }

  /** It would be too late for another request. */
  get passed(): boolean {
    return this.#resting && this.#until <= this.#clock.now();
  }

  /** The connection rests from now on. */
  rest(): void {
    const { idleMs, lifetimeMs } = this.#limits;
    const now = this.#clock.now();
    const idleUntil = now + Math.min(idleMs, this.hintMs ?? idleMs);
    this.#until = lifetimeMs > 0 ? Math.min(idleUntil, this.#bornAt + lifetimeMs) : idleUntil;
    this.#resting = true;
    if (this.#timer && this.#timer.at > this.#until) this.#clear();
    this.#timer ??= this.#clock.callLater(this.#until - now, () => this.#look());
  }

  /** It has something to do. */
  work(): void {
    this.#resting = false;
  }

  stop(): void {
    this.#resting = false;
    this.#clear();
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#resting) return;
    const left = this.#until - this.#clock.now();
    if (left > 0) this.#timer = this.#clock.callLater(left, () => this.#look());
    else this.#expire();
  }

  #clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
