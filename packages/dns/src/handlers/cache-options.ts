// What a cache may keep, and for how long.
import { usageError } from '../errors.ts';
import type { TtlBounds } from './cached-answer.ts';

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
  /**
   * Queries that wait for what is being asked already; more are shown what has ended, or answered with SERVFAIL.
   * @defaultValue 10_000
   */
  readonly maxWaiting?: number | undefined;
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

/** When what has ended is shown. */
export type StaleLimits = Readonly<Record<keyof ServeStaleOptions, number>>;

/** What a cache holds to. */
export interface CacheLimits {
  readonly bounds: TtlBounds;
  /** Undefined if nothing is shown after its end. */
  readonly stale: StaleLimits | undefined;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxWaiting: number;
}

/** How long nothing fresh is looked for after a failure (RFC 8767 §5). */
export const STALE_RETRY_SECONDS = 30;
/** RFC 9520 §3.2. */
const MAX_FAILURE_TTL = 300;

/**
 * The limits that `options` set, with the defaults of the others.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 */
export function cacheLimits(options: CacheOptions): CacheLimits {
  const { maxBytes = 67_108_864, maxEntries = 1_000_000, maxWaiting = 10_000 } = options;
  const { minTtl = 0, maxTtl = 86_400, negativeTtl = 3_600, failureTtl = 5 } = options;
  const { serveStale = false } = options;
  const bounds = { minTtl, maxTtl, negativeTtl, failureTtl };
  const stale = serveStale === false ? undefined : staleLimits(serveStale);
  const numbers = { ...bounds, ...stale, maxBytes, maxEntries, maxWaiting };
  for (const [name, value] of Object.entries(numbers)) {
    const most = name === 'failureTtl' ? MAX_FAILURE_TTL : Number.MAX_VALUE;
    if (value >= 0 && value <= most) continue;
    const rule = most === MAX_FAILURE_TTL ? `0 to ${most}` : '0 or more';
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot make a cache as ${name} must be ${rule}: ${value}`,
    );
  }
  return { bounds, stale, maxBytes, maxEntries, maxWaiting };
}

function staleLimits(serveStale: true | ServeStaleOptions): StaleLimits {
  const options: ServeStaleOptions = serveStale === true ? {} : serveStale;
  const { maxSeconds = 86_400, clientTimeoutMs = 1_800 } = options;
  return { maxSeconds, clientTimeoutMs, retrySeconds: options.retrySeconds ?? STALE_RETRY_SECONDS };
}
