import { sameRRset } from '../zone/rrset.ts';
import type { ChangeSet, RRsetChange, Zone } from '../zone/zone.ts';

/** The change that leads from `before` to `after`; from nothing, if there is no zone before. */
export function differenceOf(before: Zone | undefined, after: Zone): ChangeSet {
  const changes: RRsetChange[] = [];
  for (const rrset of after.rrsets()) {
    const { name, type } = rrset;
    const old = before?.get(name, type);
    if (!sameRRset(old, rrset)) changes.push({ name, type, before: old, after: rrset });
  }
  for (const rrset of before?.rrsets() ?? []) {
    const { name, type } = rrset;
    if (after.get(name, type) === undefined)
      changes.push({ name, type, before: rrset, after: undefined });
  }
  return { origin: after.origin, from: before?.serial, to: after.serial, changes };
}
