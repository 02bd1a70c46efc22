import { constants } from 'node:http2';

/** How many resets a {@link ResetCount} lets pass. */
export interface ResetCountOptions {
  readonly maxResets: number;
  /** The time in which they are counted, in milliseconds. */
  readonly windowMs: number;
}

/**
 * Counts the streams that ended by mistakes of the client. Making the server reset a stream costs it as much as a reset by
 * the client (CVE-2025-8671), which {@link FrameGuard} counts.
 */
export class ResetCount {
  readonly #options: ResetCountOptions;
  #count = 0;
  #until = 0;

  constructor(options: ResetCountOptions) {
    this.#options = options;
  }

  /** A reset has left. True with the first that is one too many. */
  sent(code: number, now: number): boolean {
    // Whoever has its answer may be reset without having done anything wrong, and so may one that was given up here.
    if (code === constants.NGHTTP2_NO_ERROR || code === constants.NGHTTP2_CANCEL) return false;
    if (now >= this.#until) {
      this.#count = 0;
      this.#until = now + this.#options.windowMs;
    }
    this.#count += 1;
    return this.#count === this.#options.maxResets + 1;
  }

  /** The reset that follows is no mistake of the client. */
  forgive(): void {
    this.#count -= 1;
  }
}
