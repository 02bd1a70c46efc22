// What differs between two versions of a zone.
import type { Has } from '@hawser/core';
import { inTurns } from '../in-turns.ts';
import { sameRRset } from './rrset.ts';
import type { ChangeSet, RRsetChange, Zone } from './zone.ts';

/**
 * The change that leads from `before` to `after`; from nothing, if there is no zone before. Looks at every RRset of both, and
 * lets others have their turn now and then.
 */
export async function differenceOf(
  before: Zone | undefined,
  after: Zone,
  reactor: Has<'clock'>,
): Promise<ChangeSet> {
  const changes = await inTurns(changesBetween(before, after), reactor);
  return { origin: after.origin, from: before?.serial, to: after.serial, changes };
}

/** The changes that lead from one zone to the other, the start of authority among them: a step for each RRset of both. */
export function* changesBetween(
  before: Zone | undefined,
  after: Zone,
): Generator<void, RRsetChange[], void> {
  const changes: RRsetChange[] = [];
  for (const rrset of after.rrsets()) {
    const { name, type } = rrset;
    const old = before?.get(name, type);
    if (!sameRRset(old, rrset)) changes.push({ name, type, before: old, after: rrset });
    yield;
  }
  for (const rrset of before?.rrsets() ?? []) {
    const { name, type } = rrset;
    if (after.get(name, type) === undefined)
      changes.push({ name, type, before: rrset, after: undefined });
    yield;
  }
  return changes;
}
