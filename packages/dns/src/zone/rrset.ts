// Records of one name and type, which live and change together (RFC 2181 §5).
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { formatType, Type } from '../numbers.ts';
import { decodeRdata } from '../rdata/decode-rdata.ts';
import { encodeRdata } from '../rdata/encode-rdata.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { rdataKey } from '../rdata/rdata-key.ts';
import type { RecordValue } from '../rdata/value.ts';
import { measureRecords, octetsOf, PackedRRset } from './packed-rrset.ts';

/** All records of one name and type: at least one, no two alike, one TTL. Immutable. */
export interface RRset {
  readonly name: Name;
  readonly type: number;
  /** Seconds others may keep it. */
  readonly ttl: number;
  readonly records: readonly Rdata[];
}

/** Longest TTL, in seconds (RFC 2181 §8). */
export const MAX_TTL = 0x7fff_ffff;
/** Most records of one name and type. */
export const MAX_RECORDS = 1000;
/** Most octets of one RRset: what is larger fits into no message, and would be truncated even over TCP. */
export const MAX_RRSET_BYTES = 65_100;
/** Of a record besides its data, where the owner is a pointer. */
export const RECORD_BYTES = 12;

/**
 * An RRset of `values`, which is a list or one value; equal ones count once. A value that is a list itself, such as the
 * strings of one TXT record, has to be within a list. In a zone, `origin`, a name in a value that is a single label without a dot
 * is relative to it, as is `"@"`; every other one is whole, with or without a final dot. Without one all are whole.
 * @throws UsageError `HAWSER_DNS_RDATA` for a value that does not fit, no value, more than 1000 or 65,100 octets, more than
 * one SOA, or a bad TTL
 */
export function createRRset(
  name: Name,
  type: number,
  content: {
    readonly ttl: number;
    readonly values: RecordValue | readonly RecordValue[];
    readonly origin?: Name | undefined;
  },
): RRset {
  const { ttl, values, origin } = content;
  if (!isTtl(ttl)) {
    throw usageError(
      'HAWSER_DNS_RDATA',
      `Cannot use a TTL as it must be 0 to ${MAX_TTL} seconds: ${ttl}`,
    );
  }
  const encoded = toList(values).map((value) => encodeRdata(type, value, origin));
  const records = encoded.length > 1 ? distinct(type, encoded) : encoded;
  // Only one of several would stay, and nobody could say which.
  if (type === Type.SOA && records.length > 1) {
    throw usageError(
      'HAWSER_DNS_RDATA',
      `Cannot hold ${records.length} SOA records of "${name}" as a zone has one`,
    );
  }
  const bytes = records.reduce((sum, { wire }) => sum + wire.length + RECORD_BYTES, 0);
  if (records.length === 0 || records.length > MAX_RECORDS || bytes > MAX_RRSET_BYTES) {
    throw usageError(
      'HAWSER_DNS_RDATA',
      `Cannot hold ${records.length} ${formatType(type)} records of "${name}" in ${bytes} octets`,
    );
  }
  return { name, type, ttl, records };
}

/** True for a number of seconds that a record may have. */
export function isTtl(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_TTL;
}

/** The values of `rrset`, as a program would write them. */
export function valuesOf(rrset: RRset): RecordValue[] {
  return rrset.records.map((rdata) => decodeRdata(rrset.type, rdata));
}

/** True if both hold the same data, in whatever order, with the same TTL. */
export function sameRRset(one: RRset | undefined, other: RRset | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  if (one.ttl !== other.ttl) return false;
  // As most of two versions of a zone: no record need be made.
  if (one instanceof PackedRRset && other instanceof PackedRRset && one.packed === other.packed)
    return true;
  if (measureRecords(one).count !== measureRecords(other).count) return false;
  const held = new Set(octetsOf(one));
  for (const octets of octetsOf(other)) if (!held.has(octets)) return false;
  return true;
}

/** One value or a list of values, as a list. */
export function toList(values: RecordValue | readonly RecordValue[]): readonly RecordValue[] {
  return Array.isArray(values) ? (values as readonly RecordValue[]) : [values as RecordValue];
}

/** Of records that are equal the last one. Names in them are compared without case. */
function distinct(type: number, records: readonly Rdata[]): Rdata[] {
  const keyed = records.map(
    (rdata) => [rdataKey(type, rdata.wire.toString('latin1')), rdata] as const,
  );
  return [...new Map(keyed).values()];
}
