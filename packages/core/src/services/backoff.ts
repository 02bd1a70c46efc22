import type { Has } from '../contract/reactor.ts';

/** How long to wait before the next attempt. */
export interface BackoffOptions {
  /** Wait after the first failure, and after a connection was lost, in milliseconds. @defaultValue 1_000 */
  readonly initialDelayMs?: number | undefined;
  /** No wait is longer. @defaultValue 60_000 */
  readonly maxDelayMs?: number | undefined;
  /** How much longer each wait is than the one before. @defaultValue 2 */
  readonly factor?: number | undefined;
  /**
   * Wait any time between nothing and the full delay, so that those who lost the same server do not come back together.
   * @defaultValue true
   */
  readonly jitter?: boolean | undefined;
}

/** Exponential backoff with full jitter. `failures` in a row have happened; the first waits the initial delay. */
export class Backoff {
  readonly #initialDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #factor: number;
  readonly #jitter: boolean;

  constructor(options: BackoffOptions) {
    const { initialDelayMs = 1_000, maxDelayMs = 60_000, factor = 2, jitter = true } = options;
    if (!(initialDelayMs > 0 && maxDelayMs >= initialDelayMs)) {
      throw new RangeError(
        `Cannot back off as delays must be > 0 and the longest not below the first: ${initialDelayMs}, ${maxDelayMs}`,
      );
    }
    if (!(factor >= 1))
      throw new RangeError(`Cannot back off as factor must be 1 or more: ${factor}`);
    this.#initialDelayMs = initialDelayMs;
    this.#maxDelayMs = maxDelayMs;
    this.#factor = factor;
    this.#jitter = jitter;
  }

  delayMs(failures: number, { random }: Has<'random'>): number {
    const grown = this.#initialDelayMs * this.#factor ** Math.max(0, failures - 1);
    const delay = Math.min(this.#maxDelayMs, grown);
    return this.#jitter ? delay * random.float() : delay;
  }
}
