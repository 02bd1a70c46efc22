/** What an {@link IdleTime} allows, in milliseconds. */
export interface IdleLimits {
  readonly headTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** How long a connection has had no request; one that is being sent counts as none. */
export class IdleTime {
  readonly #limits: IdleLimits;
  #since: number | undefined;
  #first = true;

  constructor(limits: IdleLimits) {
    this.#limits = limits;
  }

  /** There is no request any more, or none yet. */
  begin(now: number): void {
    this.#since = now;
  }

  /** There is one. */
  end(): void {
    this.#since = undefined;
    this.#first = false;
  }

  /**
   * Until when the next one has to come.
   * @param begun whether it has begun to
   */
  deadline(now: number, begun: boolean): number {
    if (this.#since === undefined) return Number.POSITIVE_INFINITY;
    const { headTimeoutMs, keepAliveTimeoutMs } = this.#limits;
    const idle = this.#since + (this.#first ? headTimeoutMs : keepAliveTimeoutMs);
    if (this.#first || now < idle || !begun) return idle;
    return this.#since + Math.max(keepAliveTimeoutMs, headTimeoutMs);
  }
}
