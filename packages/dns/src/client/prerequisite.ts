// What must be so before an update changes anything (RFC 2136 §2.4).
import type { DnsRecord } from '../message/record.ts';
import type { Name } from '../name.ts';
import { Class, Type } from '../numbers.ts';
import { encodeRdata } from '../rdata/encode-rdata.ts';
import type { RecordValue } from '../rdata/value.ts';
import { typeOf } from './dns-request.ts';

/**
 * A condition of an update: made by {@link nameExists}, {@link nameMissing}, {@link rrsetExists}, {@link rrsetMissing}. Given the
 * way names are read in the zone, it is records.
 */
export type Prerequisite = (nameIn: (text: Name | string) => Name) => readonly DnsRecord[];

/** `name` has a record of any type. */
export function nameExists(name: Name | string): Prerequisite {
  return (nameIn) => [bare(nameIn(name), Type.ANY, Class.ANY)];
}

/** `name` has no record at all. */
export function nameMissing(name: Name | string): Prerequisite {
  return (nameIn) => [bare(nameIn(name), Type.ANY, Class.NONE)];
}

/** `name` has records of `type`; with `values` exactly these, whatever their TTL. */
export function rrsetExists(
  name: Name | string,
  type: number | string,
  values?: readonly RecordValue[],
): Prerequisite {
  const number = typeOf(type);
  if (values === undefined) return (nameIn) => [bare(nameIn(name), number, Class.ANY)];
  return (nameIn) =>
    values.map((value) => {
      const rdata = encodeRdata(number, value, nameIn('@'));
      return { name: nameIn(name), type: number, class: Class.IN, ttl: 0, rdata };
    });
}

/** `name` has no records of `type`. */
export function rrsetMissing(name: Name | string, type: number | string): Prerequisite {
  const number = typeOf(type);
  return (nameIn) => [bare(nameIn(name), number, Class.NONE)];
}

function bare(name: Name, type: number, klass: number): DnsRecord {
  return { name, type, class: klass, ttl: 0, rdata: undefined };
}
