// What a change means for single records: zones change by RRsets, differences are sent by records (RFC 1995 §4).
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { measureRecords } from '../zone/packed-rrset.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet, RRsetChange } from '../zone/zone.ts';
import { withOwnTtls } from './signature-ttl.ts';

/** One step from one serial to another, by records. None of the lists has the start of authority. */
export interface RecordChanges {
  readonly soaBefore: RRset;
  readonly soaAfter: RRset;
  readonly removed: readonly RRset[];
  readonly added: readonly RRset[];
}

/**
 * The records that `changeSet` takes away and adds, found in steps that yield how many there are; undefined if it does not say
 * how the start of authority changed.
 */
export function* recordChanges({
  origin,
  changes,
}: ChangeSet): Generator<number, RecordChanges | undefined, void> {
  const removed: RRset[] = [];
  const added: RRset[] = [];
  let soa: RRsetChange | undefined;
  for (const change of changes) {
    yield countOf(change.before) + countOf(change.after);
    if (change.type === Type.SOA && change.name.equals(origin)) soa = change;
    else pushRecords(change, removed, added);
  }
  if (soa?.before === undefined || soa.after === undefined) return undefined;
  return { soaBefore: soa.before, soaAfter: soa.after, removed, added };
}

/** How the wire form of records is compared. */
export function recordKey({ wire }: Rdata): string {
  return wire.toString('latin1');
}

function countOf(rrset: RRset | undefined): number {
  return rrset === undefined ? 0 : measureRecords(rrset).count;
}

function pushRecords({ type, before, after }: RRsetChange, removed: RRset[], added: RRset[]): void {
  // A TTL belongs to each record, so another one replaces them all. That of a signature is within it.
  const sameTtl = before?.ttl === after?.ttl || type === Type.RRSIG;
  removed.push(...without(before, sameTtl ? after : undefined));
  added.push(...without(after, sameTtl ? before : undefined));
}

function without(rrset: RRset | undefined, other: RRset | undefined): readonly RRset[] {
  if (rrset === undefined) return [];
  if (other === undefined) return withOwnTtls(rrset);
  const known = new Set(other.records.map(recordKey));
  const { name, type, ttl } = rrset;
  const records = rrset.records.filter((rdata) => !known.has(recordKey(rdata)));
  return records.length === 0 ? [] : withOwnTtls({ name, type, ttl, records });
}
