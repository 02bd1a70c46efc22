// Writes that are asked for at the same time share one transaction and one flush of the disk. They wait for who reads long.
import type { SqliteFile } from './sqlite-file.ts';

/**
 * Writes within a transaction, or gives the reason why it must not, having written nothing; or does so in steps, that yield how
 * many rows they wrote, or would have in the time.
 */
export type SqliteWork = () => Error | undefined | Generator<number, Error | undefined, void>;

/**
 * Transactions that may wait for their next turn, by file. SQLite would stop the process until they end, which they would not;
 * and on the same connection it would show what is half done.
 */
const halfDone = new Map<string, Promise<void>>();

/** Rows written before others have their turn: some milliseconds. */
const SLICE = 400;

interface Waiting {
  readonly work: SqliteWork;
  readonly settle: (error: Error | undefined) => void;
}

/** Puts writes into transactions, one after the other. */
export class SqliteWriter {
  readonly #file: SqliteFile;
  readonly #replaced: () => void;
  #waiting: Waiting[] = [];
  /** Each begins a hold, and resolves at its end. */
  readonly #holds: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;

  /** `replaced` is called when the file is another one now. */
  constructor(file: SqliteFile, replaced: () => void) {
    this.#file = file;
    this.#replaced = replaced;
  }

  /** Resolves when the disk has what `work` wrote. Rejects with what it gives, or `StoreError`. */
  write(work: SqliteWork): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | undefined): void =>
        error === undefined ? resolve() : reject(error);
      this.#waiting.push({ work, settle });
      this.#running ??= this.#run();
    });
  }

  /** What `read` gives, at a moment when this process has no transaction half done: at once, or soon. */
  async read<T>(read: () => T): Promise<T> {
    // oxlint-disable-next-line no-await-in-loop -- another one may have begun
    while (halfDone.has(this.#file.place)) await halfDone.get(this.#file.place);
    return read();
  }

  /** Resolves when no write runs. None does, nor does another hold begin, until what it gives is called. */
  hold(): Promise<() => void> {
    return new Promise((begin) => {
      this.#holds.push(() => new Promise<void>((end) => begin(end)));
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#holds.length > 0) {
      await this.#holds.shift()?.();
      if (this.#waiting.length === 0) continue;
      let failure: Error | undefined;
      try {
        // What is asked for while the file is looked at goes along.
        if (await this.read(() => this.#file.reopened())) this.#replaced();
      } catch (error) {
        failure = this.#file.failure(error);
      }
      const batch = this.#waiting;
      this.#waiting = [];
      if (failure === undefined) await this.read(() => this.#writeAll(batch));
      else for (const { settle } of batch) settle(failure);
    }
    this.#running = undefined;
  }

  /** What must not be written is left out; if the disk fails, all fail. Never rejects. */
  async #writeAll(batch: readonly Waiting[]): Promise<void> {
    const outcomes = new Map<Waiting, Error | undefined>();
    let done = (): void => undefined;
    halfDone.set(this.#file.place, new Promise((resolve) => (done = resolve)));
    try {
      const transaction = this.#file.begin();
      try {
        // oxlint-disable-next-line no-await-in-loop -- this is the turn of others
        for (const _ of slices(batch, outcomes)) await transaction.turn();
        transaction.commit();
      } catch (error) {
        transaction.rollback();
        throw error;
      }
    } catch (error) {
      for (const waiting of batch) outcomes.set(waiting, this.#file.failure(error));
    }
    halfDone.delete(this.#file.place);
    done();
    for (const [waiting, error] of outcomes) waiting.settle(error);
  }
}

/** Does what is asked for, and yields when others should have their turn. After much of it the commit, which writes it all, gets its own. */
function* slices(
  batch: readonly Waiting[],
  outcomes: Map<Waiting, Error | undefined>,
): Generator<void, void, void> {
  let left = SLICE;
  let isLarge = false;
  for (const waiting of batch) {
    const work = waiting.work();
    if (work === undefined || work instanceof Error) {
      outcomes.set(waiting, work);
      left--;
      continue;
    }
    for (;;) {
      const step = work.next();
      if (step.done === true) {
        outcomes.set(waiting, step.value);
        break;
      }
      left -= step.value;
      if (left > 0) continue;
      left = SLICE;
      isLarge = true;
      yield;
    }
  }
  if (isLarge && left < SLICE / 2) yield;
}
