// Writing a zone that is too large for one go: SQLite stops the process for as long as it writes. A new zone is nobody's before it
// is whole, so its parts are written one by one, between the changes of other zones, into a zone that nobody sees; and then
// that gets its name.
import type { ChangeSet } from '../zone/zone.ts';
import { conflict } from './conflict.ts';
import { findZone } from './sqlite-commit.ts';
import type { SqliteFile } from './sqlite-file.ts';
import { type KeyedChange, writeRRsets } from './sqlite-rrsets.ts';
import type { SqliteWork, SqliteWriter } from './sqlite-writer.ts';
import type { CommitOptions } from './zone-store.ts';

/** RRsets written in one go: some ten milliseconds. */
const PART = 1_000;
/** Keys looked at to divide a zone into parts of about the same size. */
const SAMPLES_PER_PART = 16;

/** True if the change makes a zone that {@link SqliteStaging} should write. */
export function isLargeZone({ from, changes }: ChangeSet, { leases = [] }: CommitOptions): boolean {
  return from === undefined && leases.length === 0 && changes.length > PART;
}

/** Makes one large zone. */
export class SqliteStaging {
  readonly #file: SqliteFile;
  readonly #writer: SqliteWriter;
  readonly #changeSet: ChangeSet;
  #zone = 0;

  constructor(file: SqliteFile, writer: SqliteWriter, changeSet: ChangeSet) {
    this.#file = file;
    this.#writer = writer;
    this.#changeSet = changeSet;
  }

  /** Resolves when the disk has all of it. Rejects with `StoreError`, and there is nothing then. */
  async write(): Promise<void> {
    const parts = await this.#divide();
    await this.#writer.write(() => this.#begin());
    try {
      for (const part of parts) {
        // oxlint-disable-next-line no-await-in-loop -- one at a time: others have their turn
        await this.#writer.write(() => this.#put(part));
      }
      await this.#writer.write(() => this.#publish());
    } catch (error) {
      // What cannot be deleted now goes with the next attempt that succeeds.
      await this.#writer.write(() => this.#delete()).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Parts one after the other in the order of their keys: in any other order each would write most pages of the table again. Sorted
   * all at once, a million keys would take seconds.
   */
  async #divide(): Promise<readonly KeyedChange[][]> {
    const { changes } = this.#changeSet;
    const count = Math.ceil(changes.length / PART);
    const step = Math.max(1, Math.floor(PART / SAMPLES_PER_PART));
    const samples = changes
      .filter((_, index) => index % step === 0)
      .map(({ name }) => name.sortKey())
      .sort((one, other) => Buffer.compare(one, other));
    const ends = Array.from(
      { length: count - 1 },
      (_, index) => samples[Math.floor(((index + 1) * samples.length) / count)] ?? Buffer.alloc(0),
    );
    const parts = Array.from({ length: count }, (): KeyedChange[] => []);
    for (let at = 0; at < changes.length; at += PART) {
      // oxlint-disable-next-line no-await-in-loop -- it waits for its turn in the queue, as all that takes long
      await this.#writer.write(() => {
        for (const change of changes.slice(at, at + PART)) {
          const key = change.name.sortKey();
          parts[partOf(ends, key)]?.push({ key, change });
        }
        return undefined;
      });
    }
    return parts;
  }

  #begin: SqliteWork = () => {
    const { origin } = this.#changeSet;
    const { run } = this.#file;
    const stored = findZone(run, origin);
    if (stored !== undefined) return conflict(this.#changeSet, stored);
    this.#zone = Number(run.stage.all(origin.wire)[0]?.['id']);
    return undefined;
  };

  *#put(part: KeyedChange[]): Generator<number, Error | undefined, void> {
    if (!this.#isThere()) return conflict(this.#changeSet, undefined);
    part.sort((one, other) => Buffer.compare(one.key, other.key));
    yield* writeRRsets(this.#file.run, this.#zone, part);
    return undefined;
  }

  #publish: SqliteWork = () => {
    const { origin, to } = this.#changeSet;
    const { run } = this.#file;
    const stored = findZone(run, origin);
    if (stored !== undefined || !this.#isThere()) return conflict(this.#changeSet, stored);
    run.publish.run(origin.sortKey(), to, this.#zone);
    // Those of processes that ended in the middle of it.
    run.unstage.run(origin.wire);
    return undefined;
  };

  #delete: SqliteWork = () => {
    this.#file.run.dropStage.run(this.#zone);
    return undefined;
  };

  /** Somebody else may have been faster, or the file be another one. */
  #isThere(): boolean {
    return this.#file.run.staged.all(this.#zone, this.#changeSet.origin.wire).length > 0;
  }
}

/** The number of the part for `key`: how many of `ends` it is not before. */
function partOf(ends: readonly Buffer[], key: Buffer): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const end = ends[middle];
    if (end !== undefined && Buffer.compare(key, end) < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
