// Zones in a PostgreSQL database, which people and other processes may change too. Answers come from memory.
import type { Has } from '@hawser/core';
import { StoreError, usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { formatType, Type } from '../numbers.ts';
import { type Bucket, checkBucketName } from '../store/bucket.ts';
import { changeSetOf, leaseOf } from '../store/stored-row.ts';
import type {
  CommitOptions,
  Lease,
  StoredContent,
  StoredZone,
  StoreListener,
  ZoneStore,
} from '../store/zone-store.ts';
import type { RRset } from '../zone/rrset.ts';
import { serialOf } from '../zone/soa-serial.ts';
import type { ChangeSet } from '../zone/zone.ts';
import { PostgresBucket } from './postgres-bucket.ts';
import { writeChange } from './postgres-commit.ts';
import { migrate } from './postgres-migration.ts';
import {
  type PostgresClient,
  type PostgresPool,
  type PostgresRow,
  query,
  storeError,
  transaction,
} from './postgres-pool.ts';
import { rrsetOf, type ZoneRow, zoneKey, zoneRowOf } from './postgres-rows.ts';
import { checkSchemaName, type PostgresStatements, statementsFor } from './postgres-schema.ts';
import { PostgresWatch } from './postgres-watch.ts';

/** Options for {@link postgres}. */
export interface PostgresOptions {
  /** Where the tables are; made if it is missing. @defaultValue `"hawser_dns"` */
  readonly schema?: string | undefined;
  /** Connections, where the store makes the pool; one of them listens. @defaultValue 10 */
  readonly maxConnections?: number | undefined;
  /** Longest wait for a connection, where the store makes the pool, in milliseconds. @defaultValue 10,000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest wait for a lock of somebody else, in milliseconds. @defaultValue 5000 */
  readonly lockTimeoutMs?: number | undefined;
  /**
   * Longest wait for one statement, in milliseconds, where the store makes the pool: a server that is gone without a word must
   * not hold up changes for good. With a pool of yours set its `query_timeout`. @defaultValue 90,000
   */
  readonly queryTimeoutMs?: number | undefined;
}

/**
 * A store in a PostgreSQL database (12 or later): at a URL, for which the package `pg` must be installed, or on a pool of
 * `pg` that is yours, and that you end. Tables are made at the first use. Any number of processes may share it; and what
 * somebody changes in the table `rrset` by SQL is served, with a new serial, as soon as it is committed.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 *
 * @example
 * const zone = await dynamicZone('example.net', { store: postgres('postgres:///dns') });
 */
export function postgres(where: string | PostgresPool, options: PostgresOptions = {}): ZoneStore {
  return new PostgresStore(where, options);
}

/** Rows of a zone, as they came. */
interface LoadedRows {
  readonly zone: ZoneRow;
  readonly pages: readonly (readonly PostgresRow[])[];
  readonly leases: readonly Lease[];
}

class PostgresStore implements ZoneStore {
  readonly #where: string | PostgresPool;
  readonly #schema: string;
  readonly #options: Required<Omit<PostgresOptions, 'schema' | 'lockTimeoutMs'>>;
  readonly #sql: PostgresStatements;
  readonly #watch: PostgresWatch;
  /** Who we are to other processes. */
  #source = '';
  #pool: PostgresPool | undefined;
  #ready: Promise<PostgresPool> | undefined;
  #closing: Promise<void> | undefined;

  constructor(where: string | PostgresPool, options: PostgresOptions) {
    const { schema = 'hawser_dns', maxConnections = 10, connectTimeoutMs = 10_000 } = options;
    const { lockTimeoutMs = 5000, queryTimeoutMs = 90_000 } = options;
    checkSchemaName(schema);
    const waits = [connectTimeoutMs, lockTimeoutMs, queryTimeoutMs];
    if (!(maxConnections >= 2 && waits.every((ms) => ms >= 1))) {
      const rule = 'maxConnections must be at least 2, and every wait at least 1 ms';
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot use PostgreSQL as ${rule}`);
    }
    this.#where = where;
    this.#schema = schema;
    this.#options = { maxConnections, connectTimeoutMs, queryTimeoutMs };
    this.#sql = statementsFor(schema, lockTimeoutMs);
    this.#watch = new PostgresWatch({
      pool: () => this.#open(),
      channel: schema,
      source: () => this.#source,
      list: () => this.list(),
    });
  }

  async list(): Promise<readonly StoredZone[]> {
    const { rows } = await this.#query(this.#sql.list, []);
    return reading(() => rows.map((row) => withoutId(zoneRowOf(row))));
  }

  async find(origin: Name): Promise<StoredZone | undefined> {
    const zone = await this.#find(origin);
    return zone && withoutId(zone);
  }

  async load(origin: Name): Promise<StoredContent | undefined> {
    const pool = await this.#open();
    const loaded = await transaction(pool, this.#sql.beginRead, (client) =>
      this.#read(client, origin),
    );
    if (loaded === undefined) return undefined;
    const { zone, leases, pages } = loaded;
    const soa = reading(() => soaOf(zone, pages));
    // Somebody wrote a serial and not the records, or deleted the SOA: no change could be stored any more.
    if (soa === undefined || (soa !== zone.serial && zone.edits === 0)) {
      const why = `zone "${origin}" has serial ${zone.serial} and its SOA ${soa}`;
      throw storeError(new TypeError(why));
    }
    return { ...withoutId(zone), leases, pages: pagesOf(pages) };
  }

  async leases(origin: Name): Promise<readonly Lease[]> {
    const { rows } = await this.#query(this.#sql.leases, [zoneKey(origin)]);
    return reading(() => rows.map(leaseOf));
  }

  async journal(origin: Name, serial: number): Promise<readonly ChangeSet[] | undefined> {
    const zone = await this.#find(origin);
    if (zone === undefined) return undefined;
    if (zone.serial === serial) return [];
    const { rows } = await this.#query(this.#sql.since, [zone.id, serial]);
    return reading(() =>
      rows.length === 0 ? undefined : rows.map((row) => changeSetOf(origin, row)),
    );
  }

  async commit(changeSet: ChangeSet, options: CommitOptions = {}): Promise<void> {
    const pool = await this.#open();
    const source = this.#source;
    await transaction(pool, this.#sql.begin, (client) =>
      writeChange(client, this.#sql, { changeSet, options, source }),
    );
  }

  async delete(origin: Name): Promise<boolean> {
    const pool = await this.#open();
    return transaction(pool, this.#sql.begin, async (client) => {
      const { rows } = await client.query(this.#sql.drop, [zoneKey(origin)]);
      await client.query(this.#sql.notify, [`${this.#source} ${origin}`]);
      return rows.length > 0;
    });
  }

  watch(reactor: Has<'clock' | 'random' | 'reports'>, listener: StoreListener): Disposable {
    return this.#watch.watch(reactor, listener);
  }

  bucket(name: string): Bucket {
    checkBucketName(name);
    return new PostgresBucket(name, async (statement, values) => {
      // In a transaction, as that is what makes sure that it is on the disk.
      const pool = await this.#open();
      return transaction(pool, this.#sql.begin, (client) =>
        client.query(this.#sql[statement], [...values]),
      );
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watch.close();
    // Whoever is opening it gives it up when it is open.
    await this.#ready?.catch(ignore);
    const pool = this.#pool;
    if (pool === undefined) return;
    // A pool of somebody else goes on without us.
    if (typeof this.#where !== 'string') pool.removeListener('error', ignore);
    else
      await pool.end().catch((error: unknown) => {
        throw storeError(error);
      });
  }

  /** The pool, with the tables made. Tried again at the next use if it fails. */
  #open(): Promise<PostgresPool> {
    if (this.#closing !== undefined) {
      const why = 'Cannot use the PostgreSQL database as the store is closed';
      return Promise.reject(new StoreError('HAWSER_STORE_IO', why));
    }
    this.#ready ??= this.#prepare().catch((error: unknown) => {
      this.#ready = undefined;
      throw storeError(error);
    });
    return this.#ready;
  }

  async #prepare(): Promise<PostgresPool> {
    const pool = (this.#pool ??= await this.#makePool());
    await migrate(pool, this.#schema);
    const { rows } = await query(pool, 'SELECT md5(random()::text || clock_timestamp()) AS source');
    this.#source = String(rows[0]?.['source']);
    return pool;
  }

  async #makePool(): Promise<PostgresPool> {
    let pool: PostgresPool;
    if (typeof this.#where === 'string') {
      // Loaded only here: who brings a pool, or no database at all, does without.
      const { Pool } = await import('pg');
      pool = new Pool({
        connectionString: this.#where,
        max: this.#options.maxConnections,
        connectionTimeoutMillis: this.#options.connectTimeoutMs,
        query_timeout: this.#options.queryTimeoutMs,
        keepAlive: true,
        // An idle pool does not keep the process.
        allowExitOnIdle: true,
      });
    } else pool = this.#where;
    // An idle connection that breaks is replaced by the pool; unheard, its error would end the process.
    pool.on('error', ignore);
    return pool;
  }

  async #query(
    text: string,
    values: readonly unknown[],
  ): Promise<{ readonly rows: readonly PostgresRow[] }> {
    return query(await this.#open(), text, values);
  }

  async #find(origin: Name): Promise<ZoneRow | undefined> {
    const { rows } = await this.#query(this.#sql.find, [zoneKey(origin)]);
    return rows[0] && reading(() => zoneRowOf(rows[0] ?? {}));
  }

  /** Everything of one moment, as rows: RRsets made of them would need several times the memory. */
  async #read(client: PostgresClient, origin: Name): Promise<LoadedRows | undefined> {
    const { rows: found } = await client.query(this.#sql.find, [zoneKey(origin)]);
    if (found[0] === undefined) return undefined;
    const zone = zoneRowOf(found[0]);
    const { rows: leases } = await client.query(this.#sql.leases, [zoneKey(origin)]);
    await client.query(`${this.#sql.declare}${zone.id}`);
    const pages: PostgresRow[][] = [];
    for (;;) {
      const { rows } = await client.query(this.#sql.fetch);
      if (rows.length === 0) return { zone, pages, leases: leases.map(leaseOf) };
      pages.push(rows);
    }
  }
}

/** RRsets made of rows at once: some milliseconds. */
const PAGE = 1000;

async function* pagesOf(
  fetched: LoadedRows['pages'],
): AsyncGenerator<readonly RRset[], void, undefined> {
  for (const rows of fetched)
    for (let at = 0; at < rows.length; at += PAGE)
      yield reading(() => rows.slice(at, at + PAGE).map(rrsetOf));
}

function soaOf(zone: ZoneRow, pages: LoadedRows['pages']): number | undefined {
  const key = zoneKey(zone.origin);
  for (const rows of pages)
    for (const row of rows)
      if (row['type'] === formatType(Type.SOA) && String(row['name']).toLowerCase() === key)
        return serialOf(rrsetOf(row));
  return undefined;
}

function withoutId({ origin, serial, revision, edits }: ZoneRow): StoredZone {
  return { origin, serial, revision, edits };
}

function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(error);
  }
}

function ignore(): void {}
