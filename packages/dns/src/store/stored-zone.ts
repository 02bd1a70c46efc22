// A zone made of what a store has.
import { StoreError } from '../errors.ts';
import type { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import { type ChangeSet, Zone } from '../zone/zone.ts';

/** The zone of stored RRsets. Whoever started the program is not to blame for what is stored: throws StoreError. */
export function zoneFromStore(origin: Name, rrsets: Iterable<RRset>): Zone {
  try {
    return Zone.of(origin, rrsets);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError('HAWSER_STORE_IO', `Cannot serve stored zone "${origin}": ${why}`, {
      cause: error,
    });
  }
}

/** `zone` after `changeSet`, or undefined if that does not lead from here to where it says. */
export function applyChangeSet(zone: Zone, changeSet: ChangeSet): Zone | undefined {
  if (changeSet.from !== zone.serial) return undefined;
  const edits = changeSet.changes.map(({ name, type, after }) => ({ name, type, rrset: after }));
  try {
    const next = zone.change(edits)?.zone;
    return next?.serial === changeSet.to ? next : undefined;
  } catch {
    // What was stored does not fit what we have: all of it is read again.
    return undefined;
  }
}
