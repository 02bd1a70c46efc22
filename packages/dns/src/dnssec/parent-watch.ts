// What the parent says, asked for while something depends on it, and not too often.
import { fromPromise, type Has } from '@hawser/core';
import type { Name } from '../name.ts';
import type { KeyBook } from './kept-key.ts';
import { awaitsParent, type StepFacts } from './key-steps.ts';
import type { ParentDs } from './parent-ds.ts';

/** Looks up the DS records of a zone, `undefined` if it has none. */
export type ParentLookup = (origin: Name) => PromiseLike<ParentDs | undefined>;

/** Who does not answer must not stop what does not depend on him. */
const MAX_WAIT_MS = 60_000;

/** Asks the parent of one zone. */
export class ParentWatch {
  readonly #lookup: ParentLookup | undefined;
  readonly #intervalMs: number;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(lookup: ParentLookup | undefined, intervalMs: number) {
    this.#lookup = lookup;
    this.#intervalMs = intervalMs;
  }

  /**
   * `"unknown"` if nobody needs to know, nobody knows, or it is too early to ask again. Takes a minute at most, and never
   * rejects.
   */
  async ask(
    origin: Name,
    book: KeyBook,
    { clock, reports }: Has<'clock' | 'reports'>,
  ): Promise<StepFacts['parent']> {
    const now = clock.now();
    const isEarly = now < this.#askedAt + this.#intervalMs;
    if (this.#lookup === undefined || isEarly || !awaitsParent(book)) return 'unknown';
    this.#askedAt = now;
    try {
      return await fromPromise(this.#lookup(origin)).timeout(MAX_WAIT_MS, clock);
    } catch (error) {
      reports.problem('dns.zone.parent', error);
      return 'unknown';
    }
  }
}
