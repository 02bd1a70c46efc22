/** How many may come, and how fast. */
export interface RateQuota {
  /** As many may come at once. */
  readonly limit: number;
  /** In this time as many come back, evenly, in milliseconds. */
  readonly windowMs: number;
}

/** What a store says of one request. */
export interface RateVerdict {
  readonly allowed: boolean;
  /** What could still come now. */
  readonly remaining: number;
  /** Milliseconds until one more may come; 0 if one may. */
  readonly retryAfterMs: number;
  /** Milliseconds until all is as if nobody had ever come. */
  readonly resetMs: number;
}

/**
 * Counts for `rateLimit`. That of one process is a {@link MemoryRateStore}; several processes that share a limit need
 * one that all of them reach. It may answer later; if it throws or rejects, the request passes and that is reported.
 */
export interface RateLimitStore {
  /** Takes one from the bucket of `key` if there is one. `nowMs` is the time of the reactor, which only goes forward. */
  take(key: string, quota: RateQuota, nowMs: number): RateVerdict | Promise<RateVerdict>;
  /** Puts one back that was taken, for a request that does not count after all. Without it all count. */
  giveBack?(key: string, quota: RateQuota): void | Promise<void>;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * A bucket of tokens for each key, in memory. When there are too many keys, the one not heard of for longest is forgotten:
 * its bucket has had the longest time to fill up again.
 */
export class MemoryRateStore implements RateLimitStore {
  readonly #maxKeys: number;
  /** The one used last is at the end. */
  readonly #buckets = new Map<string, Bucket>();

  /** @throws RangeError if `maxKeys` is no whole number above 0 */
  constructor(maxKeys = 10_000) {
    if (!Number.isInteger(maxKeys) || maxKeys < 1) {
      throw new RangeError(`Cannot limit a rate as maxKeys must be a whole number > 0: ${maxKeys}`);
    }
    this.#maxKeys = maxKeys;
  }

  /** Keys it remembers now. */
  get size(): number {
    return this.#buckets.size;
  }

  take(key: string, { limit, windowMs }: RateQuota, nowMs: number): RateVerdict {
    const bucket = this.#buckets.get(key) ?? { tokens: limit, at: nowMs };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#maxKeys) this.#forgetOldest();
    const perMs = limit / windowMs;
    bucket.tokens = Math.min(limit, bucket.tokens + (nowMs - bucket.at) * perMs);
    bucket.at = nowMs;
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    return {
      allowed,
      remaining: Math.floor(bucket.tokens),
      retryAfterMs: bucket.tokens >= 1 ? 0 : (1 - bucket.tokens) / perMs,
      resetMs: (limit - bucket.tokens) / perMs,
    };
  }

  giveBack(key: string, { limit }: RateQuota): void {
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.tokens = Math.min(limit, bucket.tokens + 1);
  }

  #forgetOldest(): void {
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
