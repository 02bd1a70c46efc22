// One tiny face for the two SQLite drivers: node's own where the runtime has it, libsql elsewhere.
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { StoreError, type StoreErrorCode } from '../errors.ts';

/** A value SQLite takes. */
export type SqliteValue = string | number | Uint8Array | null;
/** A row by column name. */
export type SqliteRow = Readonly<Record<string, unknown>>;

/** A prepared statement. */
export interface SqliteStatement {
  /** Runs it and gives the number of rows it changed. */
  run(...values: SqliteValue[]): number;
  all(...values: SqliteValue[]): readonly SqliteRow[];
}

/** An open database. Every method throws `StoreError`. */
export interface SqliteDatabase {
  readonly path: string;
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

/** Options for {@link openSqlite}. */
export interface OpenSqliteOptions {
  /** How long a lock of somebody else is waited for, blocking the process. @defaultValue 250 */
  readonly busyTimeoutMs?: number | undefined;
  /** @defaultValue `node` if this runtime has it */
  readonly driver?: 'node' | 'libsql' | undefined;
}

interface Driver {
  exec(sql: string): unknown;
  prepare(sql: string): {
    run(...values: unknown[]): { changes: number | bigint };
    all(...values: unknown[]): unknown[];
  };
  close(): unknown;
}

/** Of a file that is made. One that is there keeps its own. */
const OWNER_ONLY = 0o600;

/**
 * Opens or creates the database at `path`, which only its owner can read then: write-ahead log, and a commit returns when the disk
 * has it.
 * @throws StoreError `HAWSER_STORE_LOCKED`, `HAWSER_STORE_READONLY` or `HAWSER_STORE_IO`, naming the file. A lock or a
 * read-only file is found now rather than at the first change: the write lock is taken once.
 */
export function openSqlite(path: string, options: OpenSqliteOptions = {}): SqliteDatabase {
  const { busyTimeoutMs = 250, driver = hasNodeSqlite() ? 'node' : 'libsql' } = options;
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw error instanceof StoreError ? error : storeError(path, error);
    }
  };
  const db = guard(() => {
    try {
      // Private keys and hashes of passwords are for nobody else to read. What is beside the file gets its mode.
      if (path !== ':memory:' && !existsSync(path)) closeSync(openSync(path, 'a', OWNER_ONLY));
      return driver === 'node' ? openNode(path) : openLibsql(path);
    } catch (error) {
      // SQLite says "unable to open" to everything; the system says what is wrong.
      accessSync(existsSync(path) ? path : dirname(path), constants.R_OK | constants.W_OK);
      throw error;
    }
  });
  const database: SqliteDatabase = {
    path,
    exec: (sql) => void guard(() => db.exec(sql)),
    close: () => {
      try {
        // Not every driver does: afterwards the file alone is the whole database.
        db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
      } catch {
        // What is in the log is safe there; it is read back by whoever opens the file next.
      }
      guard(() => db.close());
    },
    prepare: (sql) => {
      const statement = guard(() => db.prepare(sql));
      return {
        run: (...values) => guard(() => Number(statement.run(...values).changes)),
        all: (...values) => guard(() => statement.all(...values) as SqliteRow[]),
      };
    },
  };
  try {
    database.prepare(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`).all();
    database.prepare('PRAGMA journal_mode = WAL').all();
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA foreign_keys = ON');
    database.exec('BEGIN IMMEDIATE');
    // Only a write finds out about a file that may be read but not written.
    const version = database.prepare('PRAGMA user_version').all()[0]?.['user_version'];
    database.exec(`PRAGMA user_version = ${Number(version)}`);
    database.exec('COMMIT');
  } catch (error) {
    db.close();
    throw error;
  }
  return database;
}

/** The `StoreError` for what SQLite, or the file system, said about `path`. */
export function storeError(path: string, cause: unknown): StoreError {
  const { code, errcode, message } = cause as {
    code?: unknown;
    errcode?: unknown;
    message?: unknown;
  };
  const kind = storeErrorKind(
    String(code),
    typeof errcode === 'number' ? errcode & 0xff : undefined,
    String(message),
  );
  const why = {
    HAWSER_STORE_LOCKED: 'another process has it locked',
    HAWSER_STORE_READONLY: 'it cannot be written',
    HAWSER_STORE_IO: String(message),
  }[kind];
  return new StoreError(kind, `Cannot use database "${path}" as ${why}`, { cause });
}

type SqliteFailure = Exclude<StoreErrorCode, 'HAWSER_STORE_CONFLICT'>;

/** Primary result codes: 5 BUSY, 6 LOCKED, 8 READONLY (https://sqlite.org/rescode.html). */
function storeErrorKind(code: string, primary: number | undefined, message: string): SqliteFailure {
  if (
    primary === 5 ||
    primary === 6 ||
    /^SQLITE_(BUSY|LOCKED)/.test(code) ||
    /is locked/.test(message)
  ) {
    return 'HAWSER_STORE_LOCKED';
  }
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  if (primary === 8 || denied || code.startsWith('SQLITE_READONLY') || /readonly/.test(message)) {
    return 'HAWSER_STORE_READONLY';
  }
  return 'HAWSER_STORE_IO';
}

function hasNodeSqlite(): boolean {
  return nodeSqlite() !== undefined;
}

interface NodeSqlite {
  DatabaseSync: new (path: string) => Driver;
}

/**
 * Node says `ExperimentalWarning` when the module is loaded, to everybody who uses a server made of this. It does so
 * within the call, so the process is silenced for that call, and for that warning, only.
 */
function nodeSqlite(): NodeSqlite | undefined {
  const emitWarning = process.emitWarning.bind(process);
  const own = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] !== 'ExperimentalWarning')
      Reflect.apply(emitWarning, undefined, [warning, ...rest]);
  }) as typeof emitWarning;
  try {
    return process.getBuiltinModule('node:sqlite') as NodeSqlite | undefined;
  } finally {
    if (own) Object.defineProperty(process, 'emitWarning', own);
    else Reflect.deleteProperty(process, 'emitWarning');
  }
}

function openNode(path: string): Driver {
  const module = nodeSqlite();
  if (module === undefined) throw new Error('this node has no sqlite');
  return new module.DatabaseSync(path);
}

function openLibsql(path: string): Driver {
  // Loaded only where it is needed: it is a native module.
  const require = createRequire(import.meta.url);
  const Database = require('libsql') as new (path: string) => Driver;
  const db = new Database(path);
  return {
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
    prepare: (sql) => {
      const statement = db.prepare(sql);
      return {
        // A single object would be taken for named parameters, and a buffer is an object.
        run: (...values) => statement.run(values),
        all: (...values) => statement.all(values).map(withBytes),
      };
    },
  };
}

/** libsql gives blobs as bare memory, node gives views. The row is ours to change. */
function withBytes(row: unknown): SqliteRow {
  const columns = row as Record<string, unknown>;
  for (const name in columns) {
    const value = columns[name];
    if (value instanceof ArrayBuffer) columns[name] = new Uint8Array(value);
  }
  return columns;
}
