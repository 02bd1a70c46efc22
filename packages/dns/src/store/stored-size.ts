// How much memory and disk a zone costs, near enough for a limit.
import { measureRecords, PackedRRset } from '../zone/packed-rrset.ts';
import type { RRset } from '../zone/rrset.ts';
import type { RRsetChange } from '../zone/zone.ts';

/** Of an RRset besides its name and data: type, TTL, lengths. */
const RRSET_BYTES = 8;

/** Records of an RRset and its octets as it is stored; nothing for none. */
export interface StoredSize {
  readonly records: number;
  readonly bytes: number;
}

const nothing: StoredSize = { records: 0, bytes: 0 };

/** What an RRset costs. */
export function sizeOfRRset(rrset: RRset | undefined): StoredSize {
  if (rrset === undefined) return nothing;
  const { count, bytes } = measureRecords(rrset);
  // A zone makes the name anew each time it is asked for it.
  const owner = rrset instanceof PackedRRset ? rrset.owner : rrset.name.wire;
  return { records: count, bytes: RRSET_BYTES + owner.length + 2 * count + bytes };
}

/** Octets of a change as it is stored: what was, and what is. */
export function sizeOfChanges(changes: readonly RRsetChange[]): number {
  return changes.reduce((sum, { before, after }) => sum + bytesOf(before) + bytesOf(after), 0);
}

/** {@link StoredSize.bytes} alone: without counting the records where their data is packed. */
function bytesOf(rrset: RRset | undefined): number {
  return rrset instanceof PackedRRset
    ? RRSET_BYTES + rrset.owner.length + rrset.packed.length
    : sizeOfRRset(rrset).bytes;
}
