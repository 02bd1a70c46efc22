// Zones in a SQLite file. The file is persistence only: answers come from memory.
import type { Has } from '@hawser/core';
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { RRset } from '../zone/rrset.ts';
import { serialOf } from '../zone/soa-serial.ts';
import type { ChangeSet } from '../zone/zone.ts';
import { type Bucket, checkBucketName } from './bucket.ts';
import { decodeRecords } from './change-codec.ts';
import { conflict } from './conflict.ts';
import type { OpenSqliteOptions } from './open-sqlite.ts';
import { SqliteBucket } from './sqlite-bucket.ts';
import { findZone, writeChange } from './sqlite-commit.ts';
import { SqliteFile } from './sqlite-file.ts';
import type { ZoneRow } from './sqlite-rows.ts';
import { rrsetOf, storedZoneOf } from './sqlite-rows.ts';
import { isLargeZone, SqliteStaging } from './sqlite-staging.ts';
import { SqliteWatch } from './sqlite-watch.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { bytesOf, changeSetOf, leaseOf } from './stored-row.ts';
import type {
  CommitOptions,
  Lease,
  StoredContent,
  StoredZone,
  StoreListener,
  ZoneStore,
} from './zone-store.ts';

/** Options for {@link sqlite}. */
export interface SqliteOptions extends OpenSqliteOptions {
  /** How often to look whether somebody else wrote, in milliseconds. @defaultValue 1000 */
  readonly pollMs?: number | undefined;
}

/** RRsets read at once: some milliseconds. */
const PAGE = 1000;

/**
 * A store in the SQLite file at `path`, which is opened at the first use. Changes that are asked for at the same time share
 * one transaction and one flush of the disk. Several processes may use the file; each sees what the others wrote within
 * `pollMs`. The process does nothing else while SQLite reads or writes: what is large is written in slices and read in pages,
 * of some milliseconds, while other changes wait. A file restored from a backup
 * while no process runs takes serials back that secondaries have seen: see `DynamicZone.raiseSerial`.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a bad `pollMs`, and for `":memory:"`, which is no file: that is `memory()`
 */
export function sqlite(path: string, options: SqliteOptions = {}): ZoneStore {
  if (path === ':memory:')
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot keep zones in "${path}" as it is no file`);
  const { pollMs = 1000 } = options;
  if (!(pollMs >= 1))
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot look after "${path}" as pollMs must be 1 or more: ${pollMs}`,
    );
  return new SqliteStore(path, options);
}

class SqliteStore implements ZoneStore {
  readonly #file: SqliteFile;
  readonly #writer: SqliteWriter;
  readonly #watch: SqliteWatch;
  /** How often another file was found. */
  #files = 0;

  constructor(path: string, { pollMs = 1000, ...options }: SqliteOptions) {
    this.#file = new SqliteFile(path, options);
    this.#writer = new SqliteWriter(this.#file, () => this.#watch.tellAll());
    this.#watch = new SqliteWatch({
      pollMs,
      version: () => this.#version(),
      list: () => this.#list(),
    });
  }

  async list(): Promise<readonly StoredZone[]> {
    return this.#writer.read(() => this.#list());
  }

  async find(origin: Name): Promise<StoredZone | undefined> {
    return this.#writer.read(() => this.#find(origin));
  }

  async load(origin: Name): Promise<StoredContent | undefined> {
    const found = await this.#writer.read(() => {
      const zone = this.#find(origin);
      return zone && { zone, soa: this.#soaSerial(zone) };
    });
    if (found === undefined) return undefined;
    const { zone, soa } = found;
    // Somebody wrote a serial and not the records, or spoilt the SOA: no change could be stored any more.
    if (soa === undefined || (soa !== zone.serial && zone.edits === 0)) {
      const why = `zone "${origin}" has serial ${zone.serial} and its SOA ${soa}`;
      throw this.#file.failure(new TypeError(why));
    }
    const leases = await this.leases(origin);
    return { ...zone, leases, pages: this.#pages(zone) };
  }

  async leases(origin: Name): Promise<readonly Lease[]> {
    return this.#writer.read(() => {
      const zone = this.#find(origin);
      if (zone === undefined) return [];
      return this.#reading(() => this.#file.run.leases.all(zone.id).map(leaseOf));
    });
  }

  async journal(origin: Name, serial: number): Promise<readonly ChangeSet[] | undefined> {
    return this.#writer.read(() => {
      const zone = this.#find(origin);
      if (zone === undefined) return undefined;
      if (zone.serial === serial) return [];
      return this.#reading(() => {
        const rows = this.#file.run.since.all(zone.id, serial);
        return rows.length === 0 ? undefined : rows.map((row) => changeSetOf(origin, row));
      });
    });
  }

  commit(changeSet: ChangeSet, options: CommitOptions = {}): Promise<void> {
    if (isLargeZone(changeSet, options))
      return new SqliteStaging(this.#file, this.#writer, changeSet).write();
    return this.#writer.write(() => writeChange(this.#file.run, changeSet, options));
  }

  async delete(origin: Name): Promise<boolean> {
    let deleted = 0;
    await this.#writer.write(() => {
      deleted = this.#file.run.drop.run(origin.sortKey());
      return undefined;
    });
    return deleted > 0;
  }

  watch(reactor: Has<'clock' | 'random' | 'reports'>, listener: StoreListener): Disposable {
    return this.#watch.watch(reactor, listener);
  }

  bucket(name: string): Bucket {
    checkBucketName(name);
    return new SqliteBucket(name, this.#file, this.#writer);
  }

  async close(): Promise<void> {
    this.#watch.close();
    await this.#writer.idle();
    this.#file.close();
  }

  /** See https://sqlite.org/pragma.html#pragma_data_version. */
  async #version(): Promise<string> {
    if (await this.#writer.read(() => this.#file.reopened())) this.#files++;
    return this.#writer.read(() => {
      const [row] = this.#file.run.version.all();
      return `${this.#files} ${String(row?.['data_version'])}`;
    });
  }

  #list(): readonly StoredZone[] {
    return this.#reading(() => this.#file.run.list.all().map(storedZoneOf));
  }

  #find(origin: Name): ZoneRow | undefined {
    return this.#reading(() => findZone(this.#file.run, origin));
  }

  #soaSerial({ id, origin }: ZoneRow): number | undefined {
    const row = this.#file.run.rrset.all(id, origin.sortKey(), Type.SOA)[0];
    if (row === undefined) return undefined;
    return this.#reading(() => {
      const records = decodeRecords(Type.SOA, bytesOf(row['rdata']));
      return serialOf({ name: origin, type: Type.SOA, ttl: 0, records });
    });
  }

  /** All of one moment: within a transaction that reads, and only if nothing happened since `zone` was read. */
  async *#pages(zone: ZoneRow): AsyncGenerator<readonly RRset[], void, undefined> {
    // There is one connection, and on it one transaction at a time.
    const release = await this.#writer.hold();
    try {
      yield* this.#pagesOf(zone);
    } finally {
      release();
    }
  }

  *#pagesOf(zone: ZoneRow): Generator<readonly RRset[], void, undefined> {
    const snapshot = this.#file.snapshot();
    try {
      const now = this.#find(zone.origin);
      if (now?.revision !== zone.revision || now.edits !== zone.edits)
        throw conflict({ origin: zone.origin, from: zone.serial, to: 0, changes: [] }, now);
      let last: RRset | undefined;
      for (;;) {
        const key = last?.name.sortKey() ?? Buffer.alloc(0);
        const rows = snapshot.run.page.all(zone.id, key, last?.type ?? -1, PAGE);
        const rrsets = this.#reading(() => rows.map(rrsetOf));
        last = rrsets.at(-1);
        if (rrsets.length > 0) yield rrsets;
        if (rows.length < PAGE) return;
      }
    } finally {
      snapshot.end();
    }
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#file.failure(error);
    }
  }
}
