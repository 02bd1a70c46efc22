import type { Has } from '@hawser/core';
import { sameRRset } from '../zone/rrset.ts';
import type { ChangeSet, RRsetChange, Zone } from '../zone/zone.ts';

/** RRsets looked at before others get their turn: some milliseconds. */
const SLICE = 1_000;

/**
 * The change that leads from `before` to `after`; from nothing, if there is no zone before. Looks at every RRset of both, and
 * lets others have their turn now and then.
 */
export async function differenceOf(
  before: Zone | undefined,
  after: Zone,
  { clock }: Has<'clock'>,
): Promise<ChangeSet> {
  const changes: RRsetChange[] = [];
  let left = SLICE;
  for (const change of changesBetween(before, after)) {
    if (change !== undefined) changes.push(change);
    left -= 1;
    if (left > 0) continue;
    left = SLICE;
    // oxlint-disable-next-line no-await-in-loop -- this is the turn of others
    await new Promise<void>((resume) => {
      clock.callSoon(resume);
    });
  }
  return { origin: after.origin, from: before?.serial, to: after.serial, changes };
}

/** A step for each RRset of both. */
function* changesBetween(
  before: Zone | undefined,
  after: Zone,
): Generator<RRsetChange | undefined, void, undefined> {
  for (const rrset of after.rrsets()) {
    const { name, type } = rrset;
    const old = before?.get(name, type);
    yield sameRRset(old, rrset) ? undefined : { name, type, before: old, after: rrset };
  }
  for (const rrset of before?.rrsets() ?? []) {
    const { name, type } = rrset;
    const stays = after.get(name, type) !== undefined;
    yield stays ? undefined : { name, type, before: rrset, after: undefined };
  }
}
