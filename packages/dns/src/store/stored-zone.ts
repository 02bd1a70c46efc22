// A zone made of what a store has.
import type { InTurns } from '../contract/live-zone.ts';
import { StoreError } from '../errors.ts';
import type { RRset } from '../zone/rrset.ts';
import { type ChangeSet, Zone } from '../zone/zone.ts';
import type { StoredContent } from './zone-store.ts';

/** Options for {@link zoneFromStore}. */
export interface BuildOptions {
  readonly inTurns: InTurns;
  /** Told of each RRset. */
  readonly count?: ((rrset: RRset) => void) | undefined;
}

/** What it takes to add an RRset, as that many steps of other work. */
const STEPS = 2;

/**
 * The zone of stored RRsets. Whoever started the program is not to blame for what is stored.
 * @throws StoreError
 */
export async function zoneFromStore(
  { origin, pages }: Pick<StoredContent, 'origin' | 'pages'>,
  { inTurns, count }: BuildOptions,
): Promise<Zone> {
  const builder = Zone.builder(origin);
  const add = function* (page: readonly RRset[]): Generator<number, void, void> {
    for (const rrset of page) {
      builder.add(rrset);
      count?.(rrset);
      yield STEPS;
    }
  };
  try {
    for await (const page of pages) await inTurns(add(page));
    return await inTurns(builder.finishing());
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError('HAWSER_STORE_IO', `Cannot serve stored zone "${origin}": ${why}`, {
      cause: error,
    });
  }
}

/** `zone` after `changeSet`, in steps; undefined if that does not lead from here to where it says. */
export function* applyingChangeSet(
  zone: Zone,
  changeSet: ChangeSet,
): Generator<number | void, Zone | undefined, void> {
  if (changeSet.from !== zone.serial) return undefined;
  const edits = changeSet.changes.map(({ name, type, after }) => ({ name, type, rrset: after }));
  try {
    const next = (yield* zone.changing(edits))?.zone;
    return next?.serial === changeSet.to ? next : undefined;
  } catch {
    // What was stored does not fit what we have: all of it is read again.
    return undefined;
  }
}
