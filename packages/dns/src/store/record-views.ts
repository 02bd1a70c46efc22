// What a zone holds, in the words of a program.
import type { Name } from '../name.ts';
import type { HostRecords, RecordValue } from '../rdata/value.ts';
import { fromRRsets } from '../zone/host-records.ts';
import { valuesOf } from '../zone/rrset.ts';
import { isSignerRecord } from '../zone/signer-record.ts';
import type { Zone } from '../zone/zone.ts';
import {
  describeLease,
  describeRRset,
  type LeaseListing,
  type RecordListing,
} from './zone-change.ts';
import type { Lease } from './zone-store.ts';

/** What to list. */
export interface ListOptions {
  /** With what the signer of the zone maintains: signatures, denials and keys. @defaultValue false */
  readonly signer?: boolean | undefined;
}

/** The values of one name and type. */
export function valuesAt(zone: Zone, name: Name, type: number): RecordValue[] | undefined {
  const rrset = zone.get(name, type);
  return rrset && valuesOf(rrset);
}

/** All that a name holds but for what the signer maintains; undefined if that is nothing. */
export function recordsAt(zone: Zone, name: Name): HostRecords | undefined {
  const own = zone.node(name.key)?.list.filter(({ type }) => !isSignerRecord(zone, { name, type }));
  return own === undefined || own.length === 0 ? undefined : fromRRsets(own);
}

/** Every RRset, by name and then by type. */
export function listRecords(zone: Zone, { signer = false }: ListOptions): RecordListing[] {
  const listed: RecordListing[] = [];
  for (const { list } of zone.ordered()) {
    const wanted = signer ? [...list] : list.filter((rrset) => !isSignerRecord(zone, rrset));
    wanted.sort((one, other) => one.type - other.type);
    for (const rrset of wanted) listed.push(describeRRset(rrset));
  }
  return listed;
}

/** Leases of one name or of all, the first to end first. */
export function listLeases(leases: Iterable<Lease>, name: Name | undefined): LeaseListing[] {
  return [...leases]
    .filter((lease) => name === undefined || lease.name.equals(name))
    .sort((one, other) => one.expires - other.expires)
    .map(describeLease);
}
