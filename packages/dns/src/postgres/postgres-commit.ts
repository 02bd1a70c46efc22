// One change of a zone, written within a transaction.
import { formatType } from '../numbers.ts';
import { encodeChanges } from '../store/change-codec.ts';
import { conflict } from '../store/conflict.ts';
import { DEFAULT_JOURNAL } from '../store/journal-limits.ts';
import type { CommitOptions, StoredLeaseChange } from '../store/zone-store.ts';
import type { ChangeSet, RRsetChange } from '../zone/zone.ts';
import type { PostgresClient } from './postgres-pool.ts';
import { keyText, rowOf, zoneKey, zoneRowOf } from './postgres-rows.ts';
import type { PostgresStatements } from './postgres-schema.ts';

/** RRsets written by one statement. */
const PAGE = 5000;

/** What is written. */
export interface PostgresCommit {
  readonly changeSet: ChangeSet;
  readonly options: CommitOptions;
  /** Who writes, so that he knows his own notifications. */
  readonly source: string;
}

/** Writes a change. Throws StoreError `HAWSER_STORE_CONFLICT` if it does not fit what is stored. */
export async function writeChange(
  client: PostgresClient,
  sql: PostgresStatements,
  { changeSet, options, source }: PostgresCommit,
): Promise<void> {
  const { origin, from, to, changes } = changeSet;
  const { rows } = await client.query(sql.lock, [zoneKey(origin)]);
  const stored = rows[0] && zoneRowOf(rows[0]);
  const { revision = stored?.revision, edits = 0, leases = [] } = options;
  const fits =
    stored?.serial === from && stored?.revision === revision && (stored?.edits ?? 0) === edits;
  if (!fits) throw conflict(changeSet, stored);
  const zone = stored?.id ?? (await create(client, sql, changeSet));
  await writeRecords(client, sql, { zone, changes });
  await writeLeases(client, sql, { zone, leases });
  if (stored !== undefined) {
    const end = {
      seq: Number(rows[0]?.['journal_seq']),
      bytes: Number(rows[0]?.['journal_bytes']),
    };
    const { seq, bytes } = await writeJournal(client, sql, { zone, end, changeSet, options });
    await client.query(sql.advance, [zone, to, seq, bytes]);
  }
  await client.query(sql.notify, [`${source} ${origin.toString()}`]);
}

async function create(
  client: PostgresClient,
  sql: PostgresStatements,
  { origin, to }: ChangeSet,
): Promise<number> {
  const { rows } = await client.query(sql.create, [origin.toString(), to]);
  return Number(rows[0]?.['id']);
}

async function writeRecords(
  client: PostgresClient,
  sql: PostgresStatements,
  { zone, changes }: { readonly zone: number; readonly changes: readonly RRsetChange[] },
): Promise<void> {
  for (let at = 0; at < changes.length; at += PAGE) {
    const page = changes.slice(at, at + PAGE);
    const gone = page.filter(({ after }) => after === undefined);
    const put = page.flatMap(({ after }) => (after === undefined ? [] : [rowOf(after)]));
    if (gone.length > 0) {
      const names = gone.map(({ name }) => keyText(name));
      await client.query(sql.remove, [zone, names, gone.map(({ type }) => formatType(type))]);
    }
    if (put.length > 0) await client.query(sql.put, [zone, JSON.stringify(put)]);
  }
}

async function writeLeases(
  client: PostgresClient,
  sql: PostgresStatements,
  { zone, leases }: { readonly zone: number; readonly leases: readonly StoredLeaseChange[] },
): Promise<void> {
  const gone = leases.filter(({ expires }) => expires === undefined);
  const kept = leases.filter(({ expires }) => expires !== undefined);
  const columns = (list: readonly StoredLeaseChange[]): unknown[] => [
    list.map(({ name }) => keyText(name)),
    list.map(({ type }) => type),
    list.map(({ rdata }) => Buffer.from(rdata)),
  ];
  if (gone.length > 0) await client.query(sql.unlease, [zone, ...columns(gone)]);
  if (kept.length === 0) return;
  const names = kept.map(({ name }) => name.wire);
  const expires = kept.map((lease) => lease.expires);
  await client.query(sql.lease, [zone, ...columns(kept), names, expires]);
}

interface JournalEnd {
  readonly seq: number;
  readonly bytes: number;
}

async function writeJournal(
  client: PostgresClient,
  sql: PostgresStatements,
  written: {
    readonly zone: number;
    readonly end: JournalEnd;
    readonly changeSet: ChangeSet;
    readonly options: CommitOptions;
  },
): Promise<JournalEnd> {
  const { zone, end, changeSet, options } = written;
  const { from, to, changes } = changeSet;
  const { maxChanges = DEFAULT_JOURNAL.maxChanges, maxBytes = DEFAULT_JOURNAL.maxBytes } =
    options.journal ?? {};
  if (maxChanges === 0) await client.query(sql.forget, [zone]);
  if (maxChanges === 0 || changes.length === 0) return end;
  const blob = encodeChanges(changes);
  const after = { seq: end.seq + 1, bytes: end.bytes + blob.length };
  await client.query(sql.journal, [zone, after.seq, from, to, end.bytes, blob]);
  // Octets are counted from the beginning of time: what is kept begins where the oldest does.
  await client.query(sql.trim, [zone, after.seq - maxChanges, after.bytes - maxBytes]);
  return after;
}
