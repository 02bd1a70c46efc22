// Zone content and its changes as plain data, for JSON, pages and logs.
import { formatType, Type } from '../numbers.ts';
import { decodeRdata } from '../rdata/decode-rdata.ts';
import { checkRdata } from '../rdata/rdata.ts';
import type { RecordValue } from '../rdata/value.ts';
import { type RRset, valuesOf } from '../zone/rrset.ts';
import type { ChangeSet } from '../zone/zone.ts';
import type { Lease } from './zone-store.ts';

/** What changed, as plain data. */
export interface ZoneChange {
  readonly zone: string;
  /** The serial since the change. */
  readonly serial: number;
  /** Everything that changed but the start of authority. No values: deleted. */
  readonly changes: readonly RecordListing[];
}

/** The records of one name and type, as plain data. */
export interface RecordListing {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly RecordValue[];
}

/** A record that goes by itself, as plain data. */
export interface LeaseListing {
  readonly name: string;
  readonly type: string;
  readonly value: RecordValue;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** A lease as plain data. */
export function describeLease({ name, type, rdata, expires }: Lease): LeaseListing {
  const record = checkRdata(type, Buffer.from(rdata));
  if (record === undefined) throw new TypeError(`Cannot describe a lease of "${name}"`);
  const value = decodeRdata(type, record);
  return { name: name.toString(), type: formatType(type), value, expires };
}

/** An RRset as plain data. */
export function describeRRset({ name, type, ttl, records }: RRset): RecordListing {
  const values = valuesOf({ name, type, ttl, records });
  return { name: name.toString(), type: formatType(type), ttl, values };
}

/** Changes that were described: all listeners ask for the same. */
const described = new WeakMap<ChangeSet, ZoneChange>();

/** A change as plain data. */
export function describeChange(changeSet: ChangeSet): ZoneChange {
  let change = described.get(changeSet);
  if (change === undefined) {
    change = describe(changeSet);
    described.set(changeSet, change);
  }
  return change;
}

function describe({ origin, to, changes }: ChangeSet): ZoneChange {
  const listings = changes.filter(({ type }) => type !== Type.SOA);
  return {
    zone: origin.toString(),
    serial: to,
    changes: listings.map(({ name, type, before, after }) => ({
      name: name.toString(),
      type: formatType(type),
      ttl: after?.ttl ?? before?.ttl ?? 0,
      values: after === undefined ? [] : valuesOf(after),
    })),
  };
}
