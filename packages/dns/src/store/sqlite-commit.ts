// One change of a zone, written within a transaction.
import type { Name } from '../name.ts';
import type { ChangeSet } from '../zone/zone.ts';
import { encodingChanges } from './change-codec.ts';
import { conflict } from './conflict.ts';
import { DEFAULT_JOURNAL } from './journal-limits.ts';
import type { SqliteStatements } from './sqlite-file.ts';
import { type ZoneRow, zoneRowOf } from './sqlite-rows.ts';
import { inKeyOrder, writeRRsets } from './sqlite-rrsets.ts';
import type { CommitOptions, StoredLeaseChange } from './zone-store.ts';

const LEASE_STEPS = 2;

/** The row of a zone, if it is stored. */
export function findZone(run: SqliteStatements, origin: Name): ZoneRow | undefined {
  const row = run.find.all(origin.sortKey())[0];
  return row && zoneRowOf(row);
}

/**
 * Writes a change, or gives the reason why it does not fit what is stored. Looks before it writes. A step yields how many rows
 * it wrote, or would have in the time.
 */
export function* writeChange(
  run: SqliteStatements,
  changeSet: ChangeSet,
  options: CommitOptions,
): Generator<number, Error | undefined, void> {
  const { origin, from, to, changes } = changeSet;
  const stored = findZone(run, origin);
  const { revision = stored?.revision, edits = 0, leases = [] } = options;
  const fits =
    stored?.serial === from && stored?.revision === revision && (stored?.edits ?? 0) === edits;
  if (!fits) return conflict(changeSet, stored);
  if (stored === undefined) run.create.run(origin.sortKey(), origin.wire, to);
  else run.begin.run(to, stored.id);
  const zone = stored ?? findZone(run, origin);
  if (zone === undefined) throw new TypeError(`Cannot find the zone "${origin}" just made`);
  yield* writeRRsets(run, zone.id, yield* inKeyOrder(changes));
  for (const lease of leases) {
    writeLease(run, zone.id, lease);
    yield LEASE_STEPS;
  }
  const journal =
    from === undefined ? zone : yield* writeJournal(run, zone, { changeSet, options });
  run.finish.run(journal.journalSeq, journal.journalBytes, zone.id);
  return undefined;
}

function writeLease(run: SqliteStatements, zone: number, lease: StoredLeaseChange): void {
  const { name, type, rdata, expires } = lease;
  const key = name.sortKey();
  if (expires === undefined) run.unlease.run(zone, key, type, rdata);
  else run.lease.run(zone, key, type, rdata, name.wire, expires);
}

type JournalEnd = Pick<ZoneRow, 'journalSeq' | 'journalBytes'>;

function* writeJournal(
  run: SqliteStatements,
  zone: ZoneRow,
  { changeSet, options }: { changeSet: ChangeSet; options: CommitOptions },
): Generator<number, JournalEnd, void> {
  const { from = 0, to, changes } = changeSet;
  const { maxChanges = DEFAULT_JOURNAL.maxChanges, maxBytes = DEFAULT_JOURNAL.maxBytes } =
    options.journal ?? {};
  if (maxChanges === 0) run.forget.run(zone.id);
  if (maxChanges === 0 || changes.length === 0) return zone;
  const blob = yield* encodingChanges(changes);
  const end = { journalSeq: zone.journalSeq + 1, journalBytes: zone.journalBytes + blob.length };
  run.journal.run(zone.id, end.journalSeq, from, to, zone.journalBytes, blob);
  // Octets are counted from the beginning of time: what is kept begins where the oldest does.
  for (;;) {
    const oldest = run.oldest.all(zone.id)[0];
    if (oldest === undefined) return end;
    const seq = Number(oldest['seq']);
    const kept = end.journalBytes - Number(oldest['offset']);
    if (end.journalSeq - seq < maxChanges && kept <= maxBytes) return end;
    run.trim.run(zone.id, seq);
  }
}
