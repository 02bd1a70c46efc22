// Getting a zone from its store, or into it.
import type { Has } from '@hawser/core';
import { createNodeReactor } from '@hawser/core';
import type { CommitHook } from '../contract/live-zone.ts';
import type { ZoneAttendant } from '../contract/zone-attendant.ts';
import { StoreError, usageError } from '../errors.ts';
import { turnsOf } from '../in-turns.ts';
import { Name } from '../name.ts';
import type { HostRecords } from '../rdata/value.ts';
import { CHANGING_TTL } from '../zone/default-ttl.ts';
import { toRRsets } from '../zone/host-records.ts';
import { nameIn } from '../zone/name-in.ts';
import { type NewZoneOptions, newZone } from '../zone/new-zone.ts';
import { isTtl } from '../zone/rrset.ts';
import { type Edit, type RRsetChange, Zone } from '../zone/zone.ts';
import { adoptUnseen, type CatchUpContext } from './catch-up.ts';
import { DynamicZone } from './dynamic-zone.ts';
import { checkJournal } from './journal-limits.ts';
import { memory } from './memory-store.ts';
import { checkSerialPolicy, type SerialPolicy } from './serial-policy.ts';
import { zoneFromStore } from './stored-zone.ts';
import {
  fullLimits,
  measureUsage,
  UsageCounter,
  type ZoneLimits,
  type ZoneUsage,
} from './zone-limits.ts';
import type { JournalLimits, Lease, ZoneStore } from './zone-store.ts';

/** Options for {@link dynamicZone}. Those of a new zone count only when the store does not have it yet. */
export interface DynamicZoneOptions extends NewZoneOptions {
  /** @defaultValue `memory()` */
  readonly store?: ZoneStore | undefined;
  /** TTL of records without one, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /** What a zone that is not stored yet begins with, such as that of a zone file. @defaultValue SOA and NS */
  readonly initial?: Zone | undefined;
  /**
   * What names hold besides that in a zone that is not stored yet. Once it is stored, only the store counts. Names are relative to
   * the zone, `"@"` is the zone itself.
   */
  readonly records?: Readonly<Record<string, HostRecords>> | undefined;
  /** Which serial a change gets that does not bring a later one. @defaultValue `"increment"` */
  readonly serials?: SerialPolicy | undefined;
  /** Called once for all changes that are stored together, in this order; what they add is part of the change. */
  readonly hooks?: readonly CommitHook[] | undefined;
  /** Keeps the zone signed: `zoneSigning()`. Signing a large zone for the first time takes a while. */
  readonly signing?: ZoneAttendant | undefined;
  readonly limits?: ZoneLimits | undefined;
  /** How many older versions can be told from this one. @defaultValue 1000 changes, and twice the octets of the zone */
  readonly journal?: JournalLimits | undefined;
  /** Whose time counts for serials and leases until the zone is served. @defaultValue that of this machine */
  readonly reactor?: Has<'clock'> | undefined;
}

/** Times another process may be faster at making the zone. */
const MAX_ATTEMPTS = 5;

/**
 * Loads the zone `origin` from the store, or creates it there. Several may be made of one store, and several processes may
 * share a database: each takes in what the others change. A large zone is made and loaded in turns: others wait for some
 * milliseconds at most, but for what the garbage collector of V8 takes at once, up to half a second with a million names.
 * @throws StoreError if the store fails; UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER`, `HAWSER_DNS_RDATA`,
 * `HAWSER_DNS_OUT_OF_ZONE`, `HAWSER_DNS_ZONE`, `HAWSER_DNS_OPTIONS`
 *
 * @example
 * const zone = await dynamicZone('example.net', {
 *   store: sqlite('./zones.db'),
 *   records: { ns1: { A: '192.0.2.53' } },
 * });
 * await zone.set('home', 'A', '192.0.2.7');
 */
export async function dynamicZone(
  origin: string,
  options: DynamicZoneOptions = {},
): Promise<DynamicZone> {
  const {
    store = memory(),
    ttl = CHANGING_TTL,
    serials = 'increment',
    hooks = [],
    journal = {},
  } = options;
  const { reactor = createNodeReactor(), initial, records = {}, limits, ...fresh } = options;
  checkSerialPolicy(serials);
  checkJournal(journal);
  if (!isTtl(ttl))
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot keep "${origin}" as ttl is ${ttl}`);
  const name = Name.parse(origin);
  // Whether they are needed or not, mistakes in them are told.
  const seed = seedEdits(name, records, ttl);
  if (initial?.origin.equals(name) === false)
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot make zone "${name}" of zone "${initial.origin}"`,
    );
  const { signing } = options;
  const attendants = signing === undefined ? [] : [signing];
  const allHooks = [...hooks, ...attendants.flatMap((each) => each.hooks)];
  const rules = { serials, hooks: allHooks, epochMs: (): number => reactor.clock.epoch() };
  const start = { store, ttl, rules, journal, limits: fullLimits(limits), reactor, attendants };
  await signing?.attach({ origin: name, bucket: (each) => store.bucket(each), reactor });
  const context = { store, rules, inTurns: turnsOf(reactor) };
  for (let attempt = 1; ; attempt++) {
    try {
      const opened =
        (await openStored(name, context)) ??
        (await create({ base: initial ?? newZone(name, fresh), seed }, context));
      const zone = new DynamicZone({ ...start, ...opened });
      await signing?.opened(zone);
      return zone;
    } catch (error) {
      // Another process made or changed it between our look and our commit.
      const conflict = error instanceof StoreError && error.code === 'HAWSER_STORE_CONFLICT';
      if (!conflict || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

interface Opened {
  readonly zone: Zone;
  readonly revision: number;
  readonly leases: readonly Lease[];
  readonly usage: ZoneUsage;
}

async function openStored(origin: Name, context: CatchUpContext): Promise<Opened | undefined> {
  const content = await context.store.load(origin);
  if (content === undefined) return undefined;
  const { inTurns, rules } = context;
  const counter = new UsageCounter();
  const zone = await zoneFromStore(
    { origin, pages: content.pages },
    { inTurns, count: (rrset) => counter.add(rrset) },
  );
  // Hooks of a zone that was never signed need it.
  if (rules.hooks.length > 0) await inTurns(zone.ordering());
  if (content.edits === 0) {
    const { revision, leases } = content;
    return { zone, revision, leases, usage: counter.usage };
  }
  const { changeSet, ...adopted } = await adoptUnseen(zone, content, context);
  return { ...adopted, usage: await inTurns(measureUsage(counter.usage, changeSet.changes)) };
}

/** The edits that give names of a zone what `records` says. Throws as {@link toRRsets} and {@link nameIn}. */
function seedEdits(
  origin: Name,
  records: NonNullable<DynamicZoneOptions['records']>,
  ttl: number,
): Edit[] {
  return Object.entries(records).flatMap(([label, held]) => {
    const name = nameIn(origin, label);
    const rrsets = toRRsets(name, held, { origin, ttl });
    return rrsets.map((rrset) => ({ name, type: rrset.type, rrset }));
  });
}

async function create(
  { base, seed }: { readonly base: Zone; readonly seed: readonly Edit[] },
  { store, rules, inTurns }: CatchUpContext,
): Promise<Opened> {
  let zone = seed.length === 0 ? base : await inTurns(rebuilt(base, seed));
  for (const hook of rules.hooks) {
    await inTurns(zone.ordering());
    const edits = await hook(undefined, zone, [], inTurns);
    // Not by a change, which would bump the serial.
    if (edits.length > 0) zone = await inTurns(rebuilt(zone, edits));
  }
  const { origin, serial } = zone;
  const counter = new UsageCounter();
  const changes = await inTurns(made(zone, counter));
  await store.commit({ origin, from: undefined, to: serial, changes });
  return { zone, revision: 0, leases: [], usage: counter.usage };
}

/** The zone after `edits`, with the same serial. */
function* rebuilt(zone: Zone, edits: readonly Edit[]): Generator<number | void, Zone, void> {
  const edited = new Map(edits.map((edit) => [idOf(edit), edit.rrset]));
  const builder = Zone.builder(zone.origin);
  for (const rrset of zone.rrsets()) {
    if (!edited.has(idOf(rrset))) builder.add(rrset);
    yield STEPS;
  }
  for (const rrset of edited.values()) {
    if (rrset !== undefined) builder.add(rrset);
    yield STEPS;
  }
  return yield* builder.finishing();
}

/** The change that makes `zone`. */
function* made(zone: Zone, counter: UsageCounter): Generator<number, RRsetChange[], void> {
  const changes: RRsetChange[] = [];
  for (const after of zone.rrsets()) {
    const { name, type } = after;
    counter.add(after);
    changes.push({ name, type, before: undefined, after });
    yield STEPS;
  }
  return changes;
}

/** What it takes to look at an RRset, as that many steps of other work. */
const STEPS = 2;

function idOf({ name, type }: { readonly name: Name; readonly type: number }): string {
  return `${type}/${name.key}`;
}
