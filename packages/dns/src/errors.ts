import { HawserError, ProtocolError, UsageError } from '@hawser/core';

/** Codes of the errors this package throws for a caller's mistake or a peer's bad bytes. Codes are stable. */
export type DnsErrorCode =
  | 'HAWSER_DNS_NAME'
  | 'HAWSER_DNS_NUMBER'
  | 'HAWSER_DNS_RDATA'
  | 'HAWSER_DNS_ZONE'
  | 'HAWSER_DNS_ZONE_FILE'
  | 'HAWSER_DNS_OUT_OF_ZONE'
  | 'HAWSER_DNS_KEY'
  | 'HAWSER_DNS_OPTIONS';

/** Codes of a {@link StoreError}. */
export type StoreErrorCode =
  | 'HAWSER_STORE_LOCKED'
  | 'HAWSER_STORE_READONLY'
  | 'HAWSER_STORE_IO'
  | 'HAWSER_STORE_CONFLICT';

/**
 * Zone data could not be read or made durable; what was served before is still served. `HAWSER_STORE_LOCKED`: another
 * process holds the write lock. `HAWSER_STORE_READONLY`: the file or its folder cannot be written.
 * `HAWSER_STORE_IO`: anything else the disk or the database said. `HAWSER_STORE_CONFLICT`: the stored zone is not the
 * one the change was made from, so somebody else wrote it.
 */
export class StoreError extends HawserError<StoreErrorCode> {
  override readonly name: string = 'StoreError';
  override readonly exitCode: number = 74;
}

/** A mistake of the program or its configuration. */
export function usageError(code: DnsErrorCode, message: string, options?: ErrorOptions): Error {
  return new UsageError<DnsErrorCode>(code, message, options);
}

/** Bytes that break the format. Never leaves a protocol: the servers answer FORMERR. */
export function protocolError(code: DnsErrorCode, message: string): Error {
  return new ProtocolError<DnsErrorCode>(code, message);
}
