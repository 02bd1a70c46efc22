// What differs between two versions of a zone.
import { sameRRset } from '../zone/rrset.ts';
import type { RRsetChange, Zone } from '../zone/zone.ts';

/** The changes that lead from one zone to the other, the start of authority among them. Looks at every RRset of both. */
export function diffZones(before: Zone, after: Zone): RRsetChange[] {
  const changes: RRsetChange[] = [];
  for (const is of after.rrsets()) {
    const was = before.get(is.name, is.type);
    if (!sameRRset(was, is)) changes.push({ name: is.name, type: is.type, before: was, after: is });
  }
  for (const was of before.rrsets()) {
    const { name, type } = was;
    if (after.get(name, type) === undefined)
      changes.push({ name, type, before: was, after: undefined });
  }
  return changes;
}
