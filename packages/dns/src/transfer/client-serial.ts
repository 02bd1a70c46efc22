import type { DnsQuery } from '../contract/query.ts';
import { nameAt, recordsOf } from '../message/reader.ts';
import { Type } from '../numbers.ts';

/** Two root names and five numbers. */
const LEAST_SOA_BYTES = 22;
/** Serial, refresh, retry, expire and minimum end the data of a start of authority. */
const SERIAL_FROM_END = 20;

/** The serial a client has, by the start of authority in its query (RFC 1995 §3); undefined if there is none. */
export function clientSerial({ message, key }: DnsQuery): number | undefined {
  for (const view of recordsOf(message, 'authority')) {
    if (view.type !== Type.SOA || view.rdataLength < LEAST_SOA_BYTES) continue;
    if (nameAt(message, view.nameOffset)?.key !== key) return undefined;
    return message.bytes.readUInt32BE(view.rdataOffset + view.rdataLength - SERIAL_FROM_END);
  }
  return undefined;
}
