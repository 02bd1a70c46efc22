// Lookups that take their time, shared by those who ask the same meanwhile: neither they nor who waits for them are too many.
import type { Reactor } from '@hawser/core';
import type { ResolveCalls } from './resolve-calls.ts';

/** Queries that may share one lookup, on average of all that are allowed. */
const SHARED_PER_LOOKUP = 10;

interface Lookup<T> {
  readonly coming: PromiseLike<T>;
  queries: number;
}

/** Lookups under way, by what tells them apart. */
export class SharedLookups<T> {
  readonly #calls: ResolveCalls;
  readonly #max: number;
  /** For reports: of what zone, and who says so. */
  readonly #what: string;
  readonly #reporter: string;
  readonly #lookups = new Map<string, Lookup<T>>();
  /** Queries that wait for them: what they hold is memory of ours. */
  #queries = 0;

  constructor(
    calls: ResolveCalls,
    options: { readonly max: number; readonly what: string; readonly reporter: string },
  ) {
    this.#calls = calls;
    this.#max = options.max;
    this.#what = options.what;
    this.#reporter = options.reporter;
  }

  /** Nothing to share. */
  get idle(): boolean {
    return this.#lookups.size === 0;
  }

  /** True if one more query with this id, or with one that nobody looks up, would be too many. Reported once. */
  isFull(id: string | undefined, reactor: Reactor): boolean {
    const known = id !== undefined && this.#lookups.has(id);
    const full = known
      ? this.#queries / SHARED_PER_LOOKUP
      : Math.max(this.#lookups.size, this.#calls.running(reactor));
    if (full < this.#max) return false;
    this.#calls.overload({ reactor, what: this.#what });
    return true;
  }

  /** What comes for somebody else already. */
  join(id: string): PromiseLike<T> | undefined {
    const lookup = this.#lookups.get(id);
    if (lookup === undefined) return undefined;
    lookup.queries++;
    this.#queries++;
    return lookup.coming;
  }

  /** Lets others join until it is there. That it failed is reported, once for all of them. */
  share(id: string, coming: PromiseLike<T>, reactor: Reactor): void {
    const lookup: Lookup<T> = { coming, queries: 1 };
    const forget = (): void => {
      this.#lookups.delete(id);
      this.#queries -= lookup.queries;
    };
    this.#lookups.set(id, lookup);
    this.#queries++;
    coming.then(forget, (error: unknown) => {
      forget();
      reactor.reports.problem(this.#reporter, error);
    });
  }
}
