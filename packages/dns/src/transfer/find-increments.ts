import type { Has } from '@hawser/core';
import type { TransferableZone } from '../contract/live-zone.ts';
import { inTurns } from '../in-turns.ts';
import type { ChangeSet, Zone } from '../zone/zone.ts';
import { condense, isChain } from './condense.ts';
import { hasMoreRecordsThan, type Increments, incrementsOf } from './transfer-records.ts';

/** A zone with the version of it that is sent, whatever becomes of the zone meanwhile. */
export interface Pinned {
  readonly zone: TransferableZone;
  readonly snapshot: Zone;
}

/** From where, and whether the steps on the way matter. */
export interface IncrementsWish {
  readonly serial: number;
  /** Only the one step from there to the newest version. */
  readonly condense: boolean;
}

/**
 * The way from a serial to the pinned version: the steps as they were made, or all of them in one if that is shorter and they
 * are more than the zone. Undefined if there is none that is shorter than the zone.
 */
export async function findIncrements(
  { zone, snapshot }: Pinned,
  wish: IncrementsWish,
  reactor: Has<'clock'>,
): Promise<Increments | undefined> {
  const journal = await zone.journal(wish.serial);
  // It may have gone on since the snapshot was taken.
  const end = journal?.findIndex(({ to }) => to === snapshot.serial) ?? -1;
  const chain = journal?.slice(0, end + 1) ?? [];
  if (chain.length === 0 || !isChain(chain, wish.serial)) return undefined;
  return inTurns(shortest(snapshot, chain, wish), reactor);
}

/** In steps: a chain may have a thousand changes of a thousand records. */
function* shortest(
  snapshot: Zone,
  chain: readonly ChangeSet[],
  wish: IncrementsWish,
): Generator<number | void, Increments | undefined, void> {
  const made = wish.condense ? undefined : yield* incrementsOf(chain);
  if (made !== undefined && (yield* hasMoreRecordsThan(snapshot, made.recordCount))) return made;
  const condensed = yield* condense(chain);
  const shorter = condensed && (yield* incrementsOf([condensed]));
  if (shorter === undefined) return undefined;
  return (yield* hasMoreRecordsThan(snapshot, shorter.recordCount)) ? shorter : undefined;
}
