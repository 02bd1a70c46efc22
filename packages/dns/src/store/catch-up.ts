// Taking in what somebody else stored: another process by commits of its own, or a person with a database tool.
import type { InTurns } from '../contract/live-zone.ts';
import { StoreError } from '../errors.ts';
import { Type } from '../numbers.ts';
import { isSerialAfter } from '../zone/serial.ts';
import { withSerial } from '../zone/soa-serial.ts';
import type { ChangeSet, Edit, RRsetChange, Zone } from '../zone/zone.ts';
import { changesBetween } from '../zone/zone-difference.ts';
import { type ChangeRules, prepareChange } from './prepare-change.ts';
import { serialAfter } from './serial-policy.ts';
import { applyingChangeSet, zoneFromStore } from './stored-zone.ts';
import type { Lease, StoredContent, StoredLeaseChange, ZoneStore } from './zone-store.ts';

/** What a zone became. */
export interface CaughtUp {
  readonly zone: Zone;
  readonly revision: number;
  readonly leases: readonly Lease[];
  /** The way there, oldest first. */
  readonly changeSets: readonly ChangeSet[];
}

/** What it takes to catch up. */
export interface CatchUpContext {
  readonly store: ZoneStore;
  readonly rules: ChangeRules;
  /** Lets others have their turn: all of a zone may have to be read and compared. */
  readonly inTurns: InTurns;
}

/**
 * What the store makes of the zone `current`, known by its `revision`; undefined if there is nothing new. Edits that came without
 * a later serial get one, and a place in the journal.
 * @throws StoreError; `HAWSER_STORE_CONFLICT` if somebody was faster: try again
 */
export async function catchUp(
  known: { readonly zone: Zone; readonly revision: number },
  context: CatchUpContext,
): Promise<CaughtUp | undefined> {
  const { zone: current, revision } = known;
  const { store, inTurns } = context;
  const stored = await store.find(current.origin);
  if (stored === undefined) throw gone(current);
  if (stored.serial === current.serial && stored.revision === revision && stored.edits === 0)
    return undefined;
  if (stored.edits === 0) {
    const journal = await store.journal(current.origin, current.serial);
    // Another change may have been stored since the question for the serial: it has its turn when it is heard of.
    const last = journal?.findLastIndex(({ to }) => to === stored.serial) ?? -1;
    const changeSets = journal?.slice(0, last + 1) ?? [];
    const zone = journal && (await inTurns(replay(current, changeSets)));
    if (zone?.serial === stored.serial) {
      const leases = await store.leases(current.origin);
      return { zone, revision: stored.revision, leases, changeSets };
    }
  }
  const content = await store.load(current.origin);
  if (content === undefined) throw gone(current);
  const zone = await zoneFromStore({ origin: current.origin, pages: content.pages }, { inTurns });
  if (content.edits > 0 || !isSerialAfter(content.serial, current.serial))
    return adopt({ current, loaded: zone, content }, context);
  const changeSets = [await inTurns(changeSetOf(current, zone))];
  return { zone, revision: content.revision, leases: content.leases, changeSets };
}

/**
 * A zone just loaded that was edited while nobody looked. What it was before is not known: its serial goes on, and its journal
 * begins anew.
 */
export async function adoptUnseen(
  loaded: Zone,
  content: StoredContent,
  { store, rules, inTurns }: CatchUpContext,
): Promise<Omit<CaughtUp, 'changeSets'> & { readonly changeSet: ChangeSet }> {
  const floor = later(content.serial, loaded.serial);
  const soa = withSerial(loaded.soa, serialAfter(rules.serials, floor, rules.epochMs));
  const edits = [{ name: loaded.origin, type: Type.SOA, rrset: soa }];
  const prepared = await prepareChange(loaded, edits, {
    rules,
    inTurns,
    floor,
    unknownBefore: true,
  });
  const zone = prepared?.zone ?? loaded;
  const { origin } = loaded;
  const changes = prepared?.changeSet.changes ?? [];
  const changeSet = { origin, from: content.serial, to: zone.serial, changes };
  const { revision } = content;
  const { kept, ended } = leasesLeft(zone, content);
  await store.commit(changeSet, {
    revision,
    edits: content.edits,
    leases: ended,
    journal: { maxChanges: 0 },
  });
  return { zone, revision: revision + 1, leases: kept, changeSet };
}

interface Edited {
  readonly current: Zone;
  readonly loaded: Zone;
  readonly content: StoredContent;
}

/** Makes a change of what was edited, and stores what belongs to it. */
async function adopt(
  { current, loaded, content }: Edited,
  { store, rules, inTurns }: CatchUpContext,
): Promise<CaughtUp> {
  const { origin } = current;
  const { serial, edits, revision } = content;
  const history = await store.journal(origin, current.serial);
  // What the records were at the serial that is stored; where nobody knows, the journal begins anew.
  const base = history && (await inTurns(replay(current, history)));
  const isKnown = base?.serial === serial;
  const from = isKnown ? base : current;
  const floor = later(serial, current.serial);
  const edited = await inTurns(changesBetween(from, loaded));
  const prepared = await prepareChange(from, editsOf(edited), { rules, inTurns, floor });
  const zone = prepared?.zone ?? from;
  const changes = prepared?.changeSet.changes ?? [];
  const { kept, ended } = leasesLeft(zone, content);
  await store.commit(
    {
      origin,
      from: serial,
      to: zone.serial,
      changes: [...changes, ...(await inTurns(undone({ loaded, zone, changes })))],
    },
    {
      revision,
      edits,
      leases: ended,
      journal: isKnown ? undefined : { maxChanges: 0 },
    },
  );
  const changeSets =
    zone.serial === current.serial ? [] : [await inTurns(changeSetOf(current, zone))];
  return { zone, revision: revision + 1, leases: kept, changeSets };
}

/** What the zone does not take over from what was loaded, such as a signature that is missing: it has to be written back. */
function* undone(edited: {
  loaded: Zone;
  zone: Zone;
  changes: readonly RRsetChange[];
}): Generator<void, RRsetChange[], void> {
  const written = new Set(edited.changes.map(({ name, type }) => `${type}/${name.key}`));
  const left = yield* changesBetween(edited.loaded, edited.zone);
  return left
    .filter(({ name, type }) => !written.has(`${type}/${name.key}`))
    .map(({ name, type, after }) => ({ name, type, before: after, after }));
}

/** `zone` after `changeSets`, or undefined if they do not follow from it. */
function* replay(
  zone: Zone,
  changeSets: readonly ChangeSet[],
): Generator<number | void, Zone | undefined, void> {
  let replayed: Zone | undefined = zone;
  for (const changeSet of changeSets)
    replayed = replayed && (yield* applyingChangeSet(replayed, changeSet));
  return replayed;
}

function* changeSetOf(before: Zone, after: Zone): Generator<void, ChangeSet, void> {
  const changes = yield* changesBetween(before, after);
  return { origin: after.origin, from: before.serial, to: after.serial, changes };
}

function editsOf(changes: readonly RRsetChange[]): Edit[] {
  return changes.map(({ name, type, after }) => ({ name, type, rrset: after }));
}

/** Leases of records that are there, and those to forget. */
function leasesLeft(
  zone: Zone,
  { leases }: StoredContent,
): { readonly kept: readonly Lease[]; readonly ended: readonly StoredLeaseChange[] } {
  const isThere = ({ name, type, rdata }: Lease): boolean =>
    zone.get(name, type)?.records.some(({ wire }) => wire.equals(rdata)) ?? false;
  return {
    kept: leases.filter(isThere),
    ended: leases
      .filter((lease) => !isThere(lease))
      .map(({ name, type, rdata }) => ({ name, type, rdata, expires: undefined })),
  };
}

function later(serial: number, other: number): number {
  return isSerialAfter(serial, other) ? serial : other;
}

function gone({ origin }: Zone): StoreError {
  return new StoreError('HAWSER_STORE_IO', `Cannot find zone "${origin}" in its store any more`);
}
