// Numbers within a SOA RRset, without taking the rest of it apart (RFC 1035 §3.3.13).
import { usageError } from '../errors.ts';
import { Type } from '../numbers.ts';
import { checkRdata } from '../rdata/rdata.ts';
import type { RRset } from './rrset.ts';

/** Serial, refresh, retry, expire and minimum are the last five words. */
const SERIAL_FROM_END = 20;

/** The serial of a SOA RRset. */
export function serialOf(soa: RRset): number {
  const wire = soa.records[0]?.wire ?? Buffer.alloc(SERIAL_FROM_END);
  return wire.readUInt32BE(wire.length - SERIAL_FROM_END);
}

/** The TTL it has for negative answers (RFC 2308 §4). */
export function minimumOf(soa: RRset): number {
  const wire = soa.records[0]?.wire ?? Buffer.alloc(SERIAL_FROM_END);
  return wire.readUInt32BE(wire.length - 4);
}

/** The same SOA RRset with another serial. Throws UsageError for what is not one SOA. */
export function withSerial(soa: RRset, serial: number): RRset {
  const wire = Buffer.from(soa.records[0]?.wire ?? '');
  wire.writeUInt32BE(serial, wire.length - SERIAL_FROM_END);
  const rdata = checkRdata(Type.SOA, wire);
  if (rdata === undefined || soa.records.length !== 1)
    throw usageError('HAWSER_DNS_ZONE', `Cannot use the SOA of "${soa.name}"`);
  return { name: soa.name, type: Type.SOA, ttl: soa.ttl, records: [rdata] };
}
