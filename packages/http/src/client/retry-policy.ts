import type { Random } from '@hawser/core';
import { HttpRequestError } from './http-request-error.ts';

/** Which requests are sent again, and when. */
export interface RetryOptions {
  /**
   * How often at most. Even with 0 an idempotent request goes to another connection at once when the one that it was
   * sent on had been closed meanwhile. @defaultValue 2
   */
  readonly limit?: number | undefined;
  /** Answers after which an idempotent request is sent again. @defaultValue [429, 502, 503, 504] */
  readonly statuses?: readonly number[] | undefined;
  /** The first wait is at most this long, in milliseconds, and each next one twice as long. @defaultValue 250 */
  readonly initialDelayMs?: number | undefined;
  /** No wait without `Retry-After` is longer. @defaultValue 10_000 */
  readonly maxDelayMs?: number | undefined;
  /** An answer that asks for a longer wait by `Retry-After` is taken as it is. @defaultValue 60_000 */
  readonly maxRetryAfterMs?: number | undefined;
}

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
]);
/** Connections that were closed while they waited: another one is taken at once, so often at most. */
const MAX_STALE = 8;
/** A server that refuses may be busy: it is asked again at once so often at most. */
const MAX_REFUSED = 2;

/** What a decision about sending again rests on. */
export interface RetryFacts {
  readonly method: string;
  /** The body can be had once more, or none of it was taken. */
  readonly replayable: boolean;
  /** Times that it was sent again because of a failure or a status. */
  readonly retries: number;
  /** Times that it was sent again because a connection was stale. */
  readonly stale: number;
}

/** Send it again after a wait; `stale` does not count as a retry. */
export interface Retry {
  readonly delayMs: number;
  readonly stale: boolean;
}

/** Decides whether a request may be sent again. Pure but for the jitter. */
export class RetryPolicy {
  readonly #limit: number;
  readonly #again: boolean;
  readonly #statuses: ReadonlySet<number>;
  readonly #initialDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #maxRetryAfterMs: number;

  /**
   * `false` sends nothing again but what was not sent at all.
   * @throws RangeError when a value makes no sense
   */
  constructor(retry: RetryOptions | false = {}) {
    const options: RetryOptions = retry === false ? { limit: 0 } : retry;
    const { limit = 2, statuses = [429, 502, 503, 504], initialDelayMs = 250 } = options;
    const { maxDelayMs = 10_000, maxRetryAfterMs = 60_000 } = options;
    if (!Number.isInteger(limit) || limit < 0 || limit > 20) {
      throw new RangeError(`Cannot retry as limit must be 0 to 20: ${limit}`);
    }
    if (!(initialDelayMs >= 0 && maxDelayMs >= initialDelayMs && maxRetryAfterMs >= 0)) {
      const given = `${initialDelayMs}, ${maxDelayMs}, ${maxRetryAfterMs}`;
      throw new RangeError(`Cannot retry as delays must be >= 0 and ascend: ${given}`);
    }
    this.#limit = limit;
    this.#again = retry !== false;
    this.#statuses = new Set(statuses);
    this.#initialDelayMs = initialDelayMs;
    this.#maxDelayMs = maxDelayMs;
    this.#maxRetryAfterMs = maxRetryAfterMs;
  }

  /** After a failure without a response. */
  afterError(error: unknown, facts: RetryFacts, random: Pick<Random, 'float'>): Retry | undefined {
    if (!(error instanceof HttpRequestError) || !facts.replayable) return undefined;
    if (error.code === 'HAWSER_HTTP_UPLOAD' || error.code === 'HAWSER_HTTP_CLIENT_CLOSED') {
      return undefined;
    }
    const idempotent = IDEMPOTENT.has(facts.method);
    switch (error.phase) {
      case 'connect':
      case 'send':
      case 'head':
        break;
      case 'queue':
      case 'body':
      case 'redirect':
        return undefined;
    }
    // Idempotent or not, what nobody has seen may be sent.
    if (error.sent !== 'nothing' && !idempotent) return undefined;
    // A connection that closed while it waited is no failure of the server: another one is taken at once.
    const stale = error.sent === 'nothing' || (error.sent === 'unread' && this.#again);
    const atOnce = error.code === 'HAWSER_HTTP_REFUSED' ? MAX_REFUSED : MAX_STALE;
    if (error.phase !== 'connect' && stale && facts.stale < atOnce) {
      return { delayMs: 0, stale: true };
    }
    if (facts.retries >= this.#limit) return undefined;
    return { delayMs: this.#backoff(facts.retries, random), stale: false };
  }

  /** After a response. `retryAfterMs` is what its `Retry-After` asks for. */
  afterStatus(
    status: number,
    facts: RetryFacts,
    wait: { readonly retryAfterMs: number | undefined; readonly random: Pick<Random, 'float'> },
  ): Retry | undefined {
    if (!this.#statuses.has(status) || !IDEMPOTENT.has(facts.method)) return undefined;
    if (!facts.replayable || facts.retries >= this.#limit) return undefined;
    const { retryAfterMs, random } = wait;
    if (retryAfterMs === undefined) {
      return { delayMs: this.#backoff(facts.retries, random), stale: false };
    }
    if (retryAfterMs > this.#maxRetryAfterMs) return undefined;
    return { delayMs: retryAfterMs, stale: false };
  }

  /** Any time up to a bound that doubles, so that those who were refused together do not come back together. */
  #backoff(retries: number, random: Pick<Random, 'float'>): number {
    return Math.min(this.#maxDelayMs, this.#initialDelayMs * 2 ** retries) * random.float();
  }
}
