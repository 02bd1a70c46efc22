// What the parent says, asked for while something depends on it, and not too often.
import type { Has } from '@hawser/core';
import type { Name } from '../name.ts';
import type { KeyBook } from './kept-key.ts';
import { awaitsParent, type StepFacts } from './key-steps.ts';
import type { ParentDs } from './parent-ds.ts';

/** Looks up the DS records of a zone, `undefined` if it has none. */
export type ParentLookup = (origin: Name) => PromiseLike<ParentDs | undefined>;

/** Asks the parent of one zone. */
export class ParentWatch {
  readonly #lookup: ParentLookup | undefined;
  readonly #intervalMs: number;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(lookup: ParentLookup | undefined, intervalMs: number) {
    this.#lookup = lookup;
    this.#intervalMs = intervalMs;
  }

  /** `"unknown"` if nobody needs to know, nobody knows, or it is too early to ask again. Never rejects. */
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
      return await this.#lookup(origin);
    } catch (error) {
      reports.problem('dns.zone.parent', error);
      return 'unknown';
    }
  }
}
