// Noticing that somebody else wrote a zone database: SQLite tells nobody, so it is asked now and then.
import type { DelayedCall, Has } from '@hawser/core';
import type { StoredZone, StoreListener } from './zone-store.ts';

/** What a {@link SqliteWatch} asks. */
export interface SqliteWatched {
  readonly pollMs: number;
  /** A number that changes when another connection commits (https://sqlite.org/pragma.html#pragma_data_version). */
  dataVersion(): number;
  list(): readonly StoredZone[];
}

type WatchReactor = Has<'clock' | 'reports'>;

/** Asks as long as somebody listens, by the clock of whoever came first. */
export class SqliteWatch {
  readonly #watched: SqliteWatched;
  readonly #listeners = new Set<{ readonly call: StoreListener; readonly reactor: WatchReactor }>();
  #timer: DelayedCall | undefined;
  #version: number | undefined;
  /** A failure is told once, until it works again. */
  #failing = false;

  constructor(watched: SqliteWatched) {
    this.#watched = watched;
  }

  watch(reactor: WatchReactor, call: StoreListener): Disposable {
    const entry = { call, reactor };
    this.#listeners.add(entry);
    this.#schedule();
    return {
      [Symbol.dispose]: () => {
        if (!this.#listeners.delete(entry)) return;
        this.#timer?.cancel();
        this.#timer = undefined;
        this.#schedule();
      },
    };
  }

  /** Tells everybody about every zone: each knows whether it knew. */
  tellAll(): void {
    for (const { origin } of this.#watched.list())
      for (const { call } of this.#listeners) call(origin);
  }

  #schedule(): void {
    const [first] = this.#listeners;
    if (first === undefined || this.#timer !== undefined) return;
    this.#timer = first.reactor.clock.callLater(this.#watched.pollMs, () => {
      this.#timer = undefined;
      this.#look(first.reactor);
      this.#schedule();
    });
  }

  #look(reactor: WatchReactor): void {
    try {
      const version = this.#watched.dataVersion();
      const isNew = this.#version !== undefined && this.#version !== version;
      this.#version = version;
      if (isNew || this.#failing) this.tellAll();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) reactor.reports.problem('dns.store.watch', error);
      this.#failing = true;
    }
  }
}
