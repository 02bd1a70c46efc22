// The records of outgoing transfers, in their order. Nothing is collected: a million names are walked as they are sent.
import { Type } from '../numbers.ts';
import { measureRecords } from '../zone/packed-rrset.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet, Zone } from '../zone/zone.ts';
import { type RecordChanges, recordChanges } from './record-changes.ts';
import { withOwnTtls } from './signature-ttl.ts';

/**
 * The whole zone (RFC 5936 §2.2): its start of authority, everything else with what is below delegations, and the start of
 * authority again.
 */
export function* wholeZone(zone: Zone): Generator<RRset, void, undefined> {
  yield zone.soa;
  for (const rrset of zone.rrsets()) {
    if (rrset.type !== Type.SOA) yield* withOwnTtls(rrset);
  }
  yield zone.soa;
}

/** The steps between two serials, and what they weigh. */
export interface Increments {
  readonly steps: readonly RecordChanges[];
  /** How many records they take on the wire. */
  readonly recordCount: number;
}

/** What is to be sent for `changeSets`, in steps; undefined if one of them does not say how the start of authority changed. */
export function* incrementsOf(
  changeSets: readonly ChangeSet[],
): Generator<number, Increments | undefined, void> {
  const steps: RecordChanges[] = [];
  let recordCount = 2;
  for (const changeSet of changeSets) {
    const step = yield* recordChanges(changeSet);
    if (step === undefined) return undefined;
    steps.push(step);
    recordCount += 2 + countRecords(step.removed) + countRecords(step.added);
  }
  return { steps, recordCount };
}

/** The new start of authority, each step as what it removes and what it adds, and the new one again (RFC 1995 §4). */
export function* incremental({ steps }: Increments): Generator<RRset, void, undefined> {
  const newest = steps.at(-1)?.soaAfter;
  if (newest === undefined) return;
  yield newest;
  for (const { soaBefore, soaAfter, removed, added } of steps) {
    yield soaBefore;
    yield* removed;
    yield soaAfter;
    yield* added;
  }
  yield newest;
}

/** True if the zone has more records than `count`. Looks at no more of them than that, in steps. */
export function* hasMoreRecordsThan(zone: Zone, count: number): Generator<void, boolean, void> {
  let sum = 0;
  for (const rrset of zone.rrsets()) {
    // Counted as they are kept: to read them takes longer than to send them.
    sum += measureRecords(rrset).count;
    if (sum > count) return true;
    yield;
  }
  return false;
}

function countRecords(rrsets: readonly RRset[]): number {
  return rrsets.reduce((sum, { records }) => sum + records.length, 0);
}
