import { usageError } from '../errors.ts';

/** Options for `dnsStream`. All of them are limits, above 0. */
export interface DnsStreamOptions {
  /**
   * Longest wait for a message to begin, for one that has begun to end, and for the peer to take anything of what is sent; it
   * has six times as long to take all of it.
   * @defaultValue 10_000
   */
  readonly idleTimeoutMs?: number | undefined;
  /** Queries answered at the same time on one connection; while there are so many, no more are read. @defaultValue 100 */
  readonly maxInFlight?: number | undefined;
  /**
   * The same for all connections of one factory together. While there are so many, each connection gets its answers one at a
   * time: nothing is dropped, and nobody has to wait for somebody else's queries.
   * @defaultValue 4_000
   */
  readonly maxInFlightTotal?: number | undefined;
  /**
   * Octets of all those queries, and of the answers that clients do not take; beyond that it is the same.
   * @defaultValue 67_108_864, 64 MiB
   */
  readonly maxInFlightBytes?: number | undefined;
  /**
   * Connections of one factory from which on it is crowded: for each new one, the one that was idle the longest is closed, or
   * if none is, the one that has spent the longest on half a message.
   * @defaultValue 900
   */
  readonly crowdedAt?: number | undefined;
  /** Longest a transfer of a zone may take. @defaultValue 7_200_000, two hours */
  readonly transferTimeoutMs?: number | undefined;
  /** Longest a client may take nothing of a transfer: it may be busy with what it has. @defaultValue 3_600_000, an hour */
  readonly transferIdleMs?: number | undefined;
}

/** All of them, checked. */
export type CheckedStreamOptions = Required<{ [K in keyof DnsStreamOptions]: number }>;

/**
 * With nothing in flight allowed, every connection would wait for its end.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 */
export function checkStreamOptions(options: DnsStreamOptions): CheckedStreamOptions {
  const { idleTimeoutMs = 10_000, maxInFlight = 100, maxInFlightTotal = 4000 } = options;
  const { maxInFlightBytes = 67_108_864, crowdedAt = 900 } = options;
  const { transferTimeoutMs = 7_200_000, transferIdleMs = 3_600_000 } = options;
  const times = { idleTimeoutMs, transferTimeoutMs, transferIdleMs };
  const counts = { maxInFlight, maxInFlightTotal, maxInFlightBytes, crowdedAt };
  for (const [name, value] of Object.entries({ ...times, ...counts })) {
    if (value > 0 && (value >= 1 || name in times)) continue;
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot serve DNS connections as ${name} must be above 0: ${value}`,
    );
  }
  return { ...times, ...counts };
}
