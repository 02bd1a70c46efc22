// Noticing that somebody else wrote a zone database: SQLite tells nobody, so it is asked now and then.
import type { DelayedCall, Has } from '@hawser/core';
import type { StoredZone, StoreListener } from './zone-store.ts';

/** What a {@link SqliteWatch} asks. */
export interface SqliteWatched {
  readonly pollMs: number;
  /** Changes when another connection commits, or another file takes the place of this one. */
  version(): Promise<string>;
  list(): readonly StoredZone[];
}

type WatchReactor = Has<'clock' | 'reports'>;

/** Asks as long as somebody listens, by the clock of whoever came first. */
export class SqliteWatch {
  readonly #watched: SqliteWatched;
  readonly #listeners = new Set<{ readonly call: StoreListener; readonly reactor: WatchReactor }>();
  #timer: DelayedCall | undefined;
  #version: string | undefined;
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

  /** Looks no more, whoever wants to know. */
  close(): void {
    this.#listeners.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
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
      void this.#look(first.reactor).then(() => this.#schedule());
    });
  }

  /** Never rejects. */
  async #look(reactor: WatchReactor): Promise<void> {
    try {
      const version = await this.#watched.version();
      // The first time too: something may have happened since the zones were loaded.
      const isNew = this.#version !== version;
      this.#version = version;
      if (isNew) this.tellAll();
      this.#failing = false;
    } catch (error) {
      this.#version = undefined;
      if (!this.#failing) reactor.reports.problem('dns.store.watch', error);
      this.#failing = true;
    }
  }
}
