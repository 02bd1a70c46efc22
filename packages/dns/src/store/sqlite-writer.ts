// Writes that are asked for at the same time share one transaction and one flush of the disk. They wait for who reads long.
import type { SqliteFile } from './sqlite-file.ts';

/** Writes within a transaction, or gives the reason why it must not, having written nothing. */
export type SqliteWork = () => Error | undefined;

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
        if (await this.#file.reopened()) this.#replaced();
      } catch (error) {
        failure = this.#file.failure(error);
      }
      const batch = this.#waiting;
      this.#waiting = [];
      if (failure === undefined) this.#writeAll(batch);
      else for (const { settle } of batch) settle(failure);
    }
    this.#running = undefined;
  }

  /** What must not be written is left out; if the disk fails, all fail. */
  #writeAll(batch: readonly Waiting[]): void {
    const outcomes = new Map<Waiting, Error | undefined>();
    try {
      this.#file.transaction(() => {
        for (const waiting of batch) outcomes.set(waiting, waiting.work());
      });
    } catch (error) {
      for (const waiting of batch) outcomes.set(waiting, this.#file.failure(error));
    }
    for (const [waiting, error] of outcomes) waiting.settle(error);
  }
}
