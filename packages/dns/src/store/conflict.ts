import { StoreError } from '../errors.ts';
import type { ChangeSet } from '../zone/zone.ts';
import type { StoredZone } from './zone-store.ts';

/** The error of a change that was made from something else than what is stored. */
export function conflict(
  { origin, from }: ChangeSet,
  stored: Pick<StoredZone, 'serial' | 'edits'> | undefined,
): StoreError {
  const made = from === undefined ? 'no zone' : `serial ${from}`;
  const found = stored === undefined ? 'no zone' : `serial ${stored.serial}`;
  // The serial may be the same where something beside the records changed.
  const edited = stored !== undefined && stored.edits > 0 ? ` with ${stored.edits} edits` : '';
  return new StoreError(
    'HAWSER_STORE_CONFLICT',
    `Cannot store a change of "${origin}" as it was made from ${made} and the store has ${found}${edited}`,
  );
}
