/** What a client did, counted since it was made. */
export interface ClientCounters {
  /** Messages sent. */
  sent: number;
  /** Datagrams dropped as they answered nothing that was asked: of somebody else, or of a forger. */
  mismatches: number;
  /** Times a datagram did not do and a stream was used. */
  streamFallbacks: number;
  /** Waits that ended without a reply. */
  timeouts: number;
}

/** Counters at zero. */
export function newCounters(): ClientCounters {
  return { sent: 0, mismatches: 0, streamFallbacks: 0, timeouts: 0 };
}
