// Zones in a SQLite file. The file is persistence only: answers come from memory.
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { StoreError } from '../errors.ts';
import { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { decodeSoa } from '../rdata/decode-rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet } from '../zone/zone.ts';
import { decodeChanges, decodeRecords, encodeChanges, encodeRecords } from './change-codec.ts';
import { conflict, MAX_JOURNAL } from './memory-store.ts';
import {
  type OpenSqliteOptions,
  openSqlite,
  type SqliteDatabase,
  type SqliteStatement,
  storeError,
} from './open-sqlite.ts';
import { SCHEMA_VERSION, schema, statements } from './sqlite-schema.ts';
import type { StoredZone, ZoneStore } from './zone-store.ts';

/**
 * A store in the SQLite file at `path`, which is opened at the first use. Changes that are asked for at the same time share
 * one transaction and one flush of the disk.
 */
export function sqlite(path: string, options: OpenSqliteOptions = {}): ZoneStore {
  return new SqliteStore(path, options);
}

interface Waiting {
  readonly changeSet: ChangeSet;
  readonly settle: (error?: unknown) => void;
}

class SqliteStore implements ZoneStore {
  readonly #path: string;
  readonly #options: OpenSqliteOptions;
  #db: SqliteDatabase | undefined;
  #run: Readonly<Record<keyof typeof statements, SqliteStatement>> | undefined;
  #inode: number | undefined;
  #waiting: Waiting[] = [];
  #busy = false;
  #flushed: Promise<void> | undefined;
  #closed = false;

  constructor(path: string, options: OpenSqliteOptions) {
    this.#path = path;
    this.#options = options;
  }

  async list(): Promise<readonly StoredZone[]> {
    const rows = this.#open().list.all();
    return this.#decoding(() =>
      rows.map((row) => ({ origin: nameOf(row['name']), serial: Number(row['serial']) })),
    );
  }

  async load(origin: Name): Promise<readonly RRset[] | undefined> {
    const run = this.#open();
    const zone = this.#find(origin);
    if (zone === undefined) return undefined;
    return this.#decoding(() => {
      const rrsets = run.load.all(zone.id).map((row) => {
        const type = Number(row['type']);
        const records = decodeRecords(type, bytesOf(row['rdata']));
        return { name: nameOf(row['name']), type, ttl: Number(row['ttl']), records };
      });
      const soa = rrsets.find(({ name, type }) => type === Type.SOA && name.equals(origin));
      const serial = soa?.records[0] && decodeSoa(soa.records[0].wire).serial;
      // Somebody wrote records and did not write the serial: no change could be stored any more.
      if (serial !== zone.serial)
        throw new TypeError(`zone "${origin}" has serial ${zone.serial} and its SOA ${serial}`);
      return rrsets;
    });
  }

  async journal(origin: Name, serial: number): Promise<readonly ChangeSet[] | undefined> {
    const run = this.#open();
    const zone = this.#find(origin);
    if (zone === undefined) return undefined;
    if (zone.serial === serial) return [];
    const rows = run.since.all(zone.id, serial);
    if (rows.length === 0) return undefined;
    return this.#decoding(() =>
      rows.map((row) => ({
        origin,
        from: Number(row['serial_from']),
        to: Number(row['serial_to']),
        changes: decodeChanges(String(row['changes'])),
      })),
    );
  }

  commit(changeSet: ChangeSet): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      this.#waiting.push({ changeSet, settle });
      if (!this.#busy) this.#flushed = this.#flush();
    });
  }

  async close(): Promise<void> {
    await this.#flushed;
    this.#closed = true;
    this.#db?.close();
    this.#db = undefined;
    this.#run = undefined;
  }

  /** Runs until nothing waits. What is asked for while the file is looked at goes along with the first of it. */
  async #flush(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      let failure: unknown;
      try {
        this.#open();
        // oxlint-disable-next-line no-await-in-loop -- one transaction after the other
        await this.#checkFile();
      } catch (error) {
        failure = error;
      }
      const batch = this.#waiting;
      this.#waiting = [];
      if (failure === undefined) this.#commitAll(batch);
      else for (const { settle } of batch) settle(failure);
    }
    this.#busy = false;
  }

  /** One transaction for all. One that does not fit is taken out again; if the disk fails, all fail. */
  #commitAll(batch: readonly Waiting[]): void {
    const outcomes = new Map<Waiting, unknown>();
    const db = this.#db;
    try {
      db?.exec('BEGIN IMMEDIATE');
      for (const waiting of batch) outcomes.set(waiting, this.#attempt(waiting.changeSet));
      db?.exec('COMMIT');
    } catch (error) {
      this.#rollback();
      for (const waiting of batch) outcomes.set(waiting, error);
    }
    for (const [waiting, error] of outcomes) waiting.settle(error);
  }

  #rollback(): void {
    try {
      this.#db?.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself (https://sqlite.org/lang_transaction.html); the first error is the one to tell.
    }
  }

  /** The reason why the change does not fit what is stored, if so. Looks before it writes, so there is nothing to undo. */
  #attempt(changeSet: ChangeSet): StoreError | undefined {
    const { origin, from, to, changes } = changeSet;
    const run = this.#open();
    const stored = this.#find(origin);
    if (stored?.serial !== from) return conflict(changeSet, stored?.serial);
    if (stored === undefined) run.create.run(origin.sortKey(), origin.wire, to);
    else run.advance.run(to, stored.id);
    const zone = stored?.id ?? this.#find(origin)?.id ?? 0;
    for (const { name, type, after } of changes) {
      if (after === undefined) run.remove.run(zone, name.sortKey(), type);
      else
        run.put.run(
          zone,
          name.sortKey(),
          type,
          after.name.wire,
          after.ttl,
          encodeRecords(after.records),
        );
    }
    if (from !== undefined) {
      run.journal.run(zone, from, to, encodeChanges(changes));
      run.trim.run(zone, MAX_JOURNAL);
    }
    return undefined;
  }

  #find(origin: Name): { readonly id: number; readonly serial: number } | undefined {
    const row = this.#open().find.all(origin.sortKey())[0];
    return row && { id: Number(row['id']), serial: Number(row['serial']) };
  }

  #open(): Readonly<Record<keyof typeof statements, SqliteStatement>> {
    if (this.#closed)
      throw new StoreError(
        'HAWSER_STORE_IO',
        `Cannot use database "${this.#path}" as it is closed`,
      );
    if (this.#run !== undefined) return this.#run;
    const db = openSqlite(this.#path, this.#options);
    try {
      const version = Number(db.prepare('PRAGMA user_version').all()[0]?.['user_version']);
      if (version > SCHEMA_VERSION)
        throw new Error(`it has version ${version}, and this program knows ${SCHEMA_VERSION}`);
      db.exec(schema);
      const entries = Object.entries(statements).map(
        ([name, sql]) => [name, db.prepare(sql)] as const,
      );
      // Of the file as it was opened: it may be replaced before the first change.
      this.#inode = statSync(this.#path).ino;
      this.#run = Object.fromEntries(entries) as Record<keyof typeof statements, SqliteStatement>;
    } catch (error) {
      db.close();
      throw error instanceof StoreError ? error : storeError(this.#path, error);
    }
    this.#db = db;
    return this.#run;
  }

  /** A file that was deleted or replaced takes writes as before, and they are gone with the process. */
  async #checkFile(): Promise<void> {
    const found = await stat(this.#path).catch((error: unknown) => {
      throw storeError(this.#path, error);
    });
    if (found.ino !== this.#inode) {
      throw new StoreError(
        'HAWSER_STORE_IO',
        `Cannot use database "${this.#path}" as the file was replaced`,
      );
    }
  }

  #decoding<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof StoreError ? error : storeError(this.#path, error);
    }
  }
}

function nameOf(column: unknown): Name {
  return Name.fromWire(bytesOf(column));
}

function bytesOf(column: unknown): Buffer {
  if (!(column instanceof Uint8Array))
    throw new TypeError('Cannot read a stored row as a column is no blob');
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}
