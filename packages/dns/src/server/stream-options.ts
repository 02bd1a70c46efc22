import { usageError } from '../errors.ts';

/** Options for `dnsStream`. */
export interface DnsStreamOptions {
  /** Longest wait for a message to begin, and for one that has begun to end. @defaultValue 10_000 */
  readonly idleTimeoutMs?: number | undefined;
  /** Queries answered at the same time on one connection; while there are so many, no more are read. @defaultValue 100 */
  readonly maxInFlight?: number | undefined;
  /**
   * Connections of one factory from which on it is crowded: for each new one, the one that was idle the longest is closed.
   * @defaultValue 900
   */
  readonly crowdedAt?: number | undefined;
}

/** All of them, checked. */
export type CheckedStreamOptions = Required<{ [K in keyof DnsStreamOptions]: number }>;

/**
 * With nothing in flight allowed, every connection would wait for its end.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 */
export function checkStreamOptions(options: DnsStreamOptions): CheckedStreamOptions {
  const { idleTimeoutMs = 10_000, maxInFlight = 100, crowdedAt = 900 } = options;
  if (idleTimeoutMs > 0 && maxInFlight >= 1 && crowdedAt >= 1) {
    return { idleTimeoutMs, maxInFlight, crowdedAt };
  }
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot serve DNS connections as idleTimeoutMs, maxInFlight and crowdedAt must be above 0: ${idleTimeoutMs}, ${maxInFlight}, ${crowdedAt}`,
  );
}
