// One SQLite file and everything asked of it: opened when it is needed, and again when it was replaced.
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { StoreError } from '../errors.ts';
import {
  type OpenSqliteOptions,
  openSqlite,
  type SqliteDatabase,
  type SqliteStatement,
  storeError,
} from './open-sqlite.ts';
import { migrate } from './sqlite-migration.ts';
import { statements } from './sqlite-schema.ts';

/** The prepared statements of a zone database. */
export type SqliteStatements = Readonly<Record<keyof typeof statements, SqliteStatement>>;

/** Something that is written: all of it or nothing. Begun by {@link SqliteFile.begin}. */
export interface SqliteTransaction {
  /** Lets others have their turn. Rejects if the file is not there any more, or another one is. */
  turn(): Promise<void>;
  /** Throws `StoreError`, and is to be rolled back then. */
  commit(): void;
  rollback(): void;
}

interface Opened {
  readonly db: SqliteDatabase;
  readonly run: SqliteStatements;
  readonly inode: number;
  /** Of the log beside the file. */
  readonly logInode: number | undefined;
}

/** A zone database. Every method throws `StoreError`. */
export class SqliteFile {
  /** Where it is, for whoever may know it by another path. */
  readonly place: string;
  readonly #path: string;
  readonly #options: OpenSqliteOptions;
  #opened: Opened | undefined;
  /**
   * Open files that are not at our path any more. Closing one would delete the log of the file that is there now, as SQLite knows
   * logs by name.
   */
  readonly #abandoned: SqliteDatabase[] = [];
  #closed = false;

  constructor(path: string, options: OpenSqliteOptions) {
    this.#path = path;
    this.place = resolve(path);
    this.#options = options;
  }

  /** The statements, of a file that is opened if it was not. */
  get run(): SqliteStatements {
    return this.#open().run;
  }

  /** What is there at this moment, until `end` is called. Nothing may be written meanwhile but by others. */
  snapshot(): { readonly run: SqliteStatements; end(): void } {
    // Another file may take its place before the end.
    const { db, run } = this.#open();
    db.exec('BEGIN');
    return { run, end: () => db.exec('COMMIT') };
  }

  /**
   * Begins to write. Nothing may be asked of this file until the end of it but by whoever began: there is one connection, and who
   * reads would see what is half done.
   */
  begin(): SqliteTransaction {
    const opened = this.#open();
    const { db, inode } = opened;
    db.exec('BEGIN IMMEDIATE');
    return {
      turn: async () => {
        // What others do meanwhile is served, and that there is still the same file is worth a look.
        const found = await stat(this.#path);
        if (found.ino === inode && opened === this.#opened) return;
        const why = 'it was replaced while it was written';
        throw new StoreError('HAWSER_STORE_IO', `Cannot use database "${this.#path}" as ${why}`);
      },
      commit: () => db.exec('COMMIT'),
      rollback: () => {
        try {
          db.exec('ROLLBACK');
        } catch {
          // SQLite has rolled back by itself (https://sqlite.org/lang_transaction.html); the first error is the one to tell.
        }
      },
    };
  }

  /**
   * A file that was deleted takes writes as before, and they are gone with the process. One that was replaced is opened; true then,
   * and every zone in it counts as edited.
   */
  async reopened(): Promise<boolean> {
    const { inode } = this.#open();
    const found = await stat(this.#path).catch((error: unknown) => {
      throw storeError(this.#path, error);
    });
    // Somebody else may have noticed meanwhile.
    if (found.ino === this.#opened?.inode || inode !== this.#opened?.inode) return false;
    this.#abandon();
    const transaction = this.begin();
    try {
      this.run.suspect.run();
      transaction.commit();
    } catch (error) {
      transaction.rollback();
      throw this.failure(error);
    }
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#opened?.db.close();
    this.#opened = undefined;
  }

  /** What went wrong, as a fault of this file. */
  failure(error: unknown): StoreError {
    return error instanceof StoreError ? error : storeError(this.#path, error);
  }

  #abandon(): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    // The log of the old file would be read as that of the new one.
    if (opened.logInode !== undefined && opened.logInode === inodeOf(`${this.#path}-wal`)) {
      const why = 'the file was replaced and the log of the old one is still beside it';
      throw new StoreError('HAWSER_STORE_IO', `Cannot use database "${this.#path}" as ${why}`);
    }
    this.#abandoned.push(opened.db);
    this.#opened = undefined;
  }

  #open(): Opened {
    if (this.#closed)
      throw new StoreError(
        'HAWSER_STORE_IO',
        `Cannot use database "${this.#path}" as it is closed`,
      );
    this.#opened ??= this.#openNow();
    return this.#opened;
  }

  #openNow(): Opened {
    const db = openSqlite(this.#path, this.#options);
    try {
      migrate(db);
      const entries = Object.entries(statements).map(
        ([name, sql]) => [name, db.prepare(sql)] as const,
      );
      return {
        db,
        run: Object.fromEntries(entries) as Record<keyof typeof statements, SqliteStatement>,
        // Of the file as it was opened: it may be replaced before the first change.
        inode: statSync(this.#path).ino,
        logInode: inodeOf(`${this.#path}-wal`),
      };
    } catch (error) {
      db.close();
      throw this.failure(error);
    }
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
