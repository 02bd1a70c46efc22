// From the tables of an older version to those of today, in one transaction.
import { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import type { RRsetChange } from '../zone/zone.ts';
import { decodeRecords, encodeChanges } from './change-codec.ts';
import type { SqliteDatabase } from './open-sqlite.ts';
import { fromVersion1, SCHEMA_VERSION, schema } from './sqlite-schema.ts';

/** Makes the tables, or makes them those of today. Throws for a file of a later version, which is left as it is. */
export function migrate(db: SqliteDatabase): void {
  if (versionOf(db) === SCHEMA_VERSION) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been faster.
    const version = versionOf(db);
    if (version > SCHEMA_VERSION)
      throw new Error(`it has version ${version}, and this program knows ${SCHEMA_VERSION}`);
    if (version === 0) db.exec(schema);
    if (version === 1) {
      db.exec(fromVersion1);
      convertJournal(db);
      db.exec('DROP TABLE journal');
    }
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec('COMMIT');
  } catch (error) {
    try {
      db.exec('ROLLBACK');
    } catch {
      // SQLite may have rolled back by itself; the first error is the one to tell.
    }
    throw error;
  }
}

function versionOf(db: SqliteDatabase): number {
  return Number(db.prepare('PRAGMA user_version').all()[0]?.['user_version']);
}

/** Version 1 had at most 1000 changes of each zone, as JSON with base64 in it. */
function convertJournal(db: SqliteDatabase): void {
  const zones = db.prepare('SELECT id FROM zone').all();
  const changesOf = db.prepare(
    'SELECT serial_from, serial_to, changes FROM journal WHERE zone = ? ORDER BY id',
  );
  const insert =
    db.prepare(`INSERT INTO change (zone, seq, serial_from, serial_to, "offset", changes)
    VALUES (?, ?, ?, ?, ?, ?)`);
  const finish = db.prepare('UPDATE zone SET journal_seq = ?, journal_bytes = ? WHERE id = ?');
  for (const { id } of zones) {
    let seq = 0;
    let bytes = 0;
    for (const row of changesOf.all(Number(id))) {
      const changes = encodeChanges(decodeJson(String(row['changes'])));
      const serials = [Number(row['serial_from']), Number(row['serial_to'])] as const;
      insert.run(Number(id), ++seq, ...serials, bytes, changes);
      bytes += changes.length;
    }
    finish.run(seq, bytes, Number(id));
  }
}

interface JsonRecords {
  readonly ttl: number;
  readonly rdata: string;
}

interface JsonChange {
  readonly name: string;
  readonly type: number;
  readonly before?: JsonRecords | undefined;
  readonly after?: JsonRecords | undefined;
}

function decodeJson(text: string): RRsetChange[] {
  return (JSON.parse(text) as JsonChange[]).map(({ name: wire, type, before, after }) => {
    const name = Name.fromWire(Buffer.from(wire, 'base64'));
    const restore = (stored: JsonRecords | undefined): RRset | undefined =>
      stored && {
        name,
        type,
        ttl: stored.ttl,
        records: decodeRecords(type, Buffer.from(stored.rdata, 'base64')),
      };
    return { name, type, before: restore(before), after: restore(after) };
  });
}
