// What a cache may keep, and for how long.

/** When `cache` shows what has ended (RFC 8767). */
export interface ServeStaleOptions {
  /** For how long after its end, in seconds. @defaultValue 86_400 */
  readonly maxSeconds?: number | undefined;
  /** How long a client waits for something fresh, in milliseconds. @defaultValue 1_800 */
  readonly clientTimeoutMs?: number | undefined;
  /** How long after a failure nothing fresh is looked for, in seconds. @defaultValue 30 */
  readonly retrySeconds?: number | undefined;
}

/** Options for `cache`. Times are in seconds. */
export interface CacheOptions {
  /** Memory for answers, roughly. @defaultValue 67_108_864 */
  readonly maxBytes?: number | undefined;
  /** @defaultValue 1_000_000 */
  readonly maxEntries?: number | undefined;
  /** Answers with a shorter TTL are kept, and shown to clients, as if it were this. @defaultValue 0 */
  readonly minTtl?: number | undefined;
  /** @defaultValue 86_400 */
  readonly maxTtl?: number | undefined;
  /** Longest that the absence of something is kept. @defaultValue 3_600 */
  readonly negativeTtl?: number | undefined;
  /** How long SERVFAIL is kept (RFC 9520 §3.2: at least 1 second, at most 300); 0 does not. @defaultValue 5 */
  readonly failureTtl?: number | undefined;
  /** Show what has ended if nothing fresh can be had, or not in time. @defaultValue false */
  readonly serveStale?: boolean | ServeStaleOptions | undefined;
  /** Ask again in the background for what is asked for in the last tenth of its time. @defaultValue false */
  readonly prefetch?: boolean | undefined;
  /**
   * Keep answers with AA as well. They come from zones of our own, which are as fast and may change at any moment.
   * @defaultValue false
   */
  readonly authoritative?: boolean | undefined;
}

/** What a cache did, counted since it was made. */
export interface CacheCounters {
  /** Answers from memory. */
  hits: number;
  /** Queries passed on. */
  misses: number;
  /** Queries that waited for what was being asked already. */
  joined: number;
  /** Answers shown after their end. */
  stale: number;
  /** Questions asked in the background. */
  prefetched: number;
}
