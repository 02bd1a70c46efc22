// How much memory and disk a zone costs, near enough for a limit.
import type { RRset } from '../zone/rrset.ts';
import type { RRsetChange } from '../zone/zone.ts';

/** Of an RRset besides its name and data: type, TTL, lengths. */
const RRSET_BYTES = 8;

/** Octets of an RRset as it is stored. */
export function sizeOfRRset(rrset: RRset | undefined): number {
  if (rrset === undefined) return 0;
  let bytes = RRSET_BYTES + rrset.name.wire.length;
  for (const { wire } of rrset.records) bytes += 2 + wire.length;
  return bytes;
}

/** Octets of a change as it is stored: what was, and what is. */
export function sizeOfChanges(changes: readonly RRsetChange[]): number {
  return changes.reduce(
    (sum, { before, after }) => sum + sizeOfRRset(before) + sizeOfRRset(after),
    0,
  );
}
