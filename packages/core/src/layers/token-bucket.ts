/** How fast a {@link TokenBucket} fills, and how much it holds. */
export interface TokenBucketOptions {
  readonly perSecond: number;
  /** Tokens it holds at most, and at the start. */
  readonly burst: number;
}

/**
 * An allowance that fills with time: `burst` tokens at once, `perSecond` in the long run. It has no timer; whoever asks
 * brings the time, in milliseconds on the reactor's clock.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor({ perSecond, burst }: TokenBucketOptions, now: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes up to `wanted` whole tokens and gives their number. */
  take(wanted: number, now: number): number {
    this.#fill(now);
    const taken = Math.min(wanted, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }

  /** Milliseconds until it holds `wanted` tokens, or all it can hold. */
  msUntil(wanted: number, now: number): number {
    this.#fill(now);
    const missing = Math.min(wanted, this.#burst) - this.#tokens;
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs);
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
