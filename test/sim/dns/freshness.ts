// How old what a copy answers may be, by who asked whom and nothing else.

/** What a {@link Freshness} knows of the world. */
export interface FreshnessOptions {
  readonly now: () => number;
  /** Of the host whose content is never old. */
  readonly original: string;
  /** How long a copy is good for after it was heard that it is. */
  readonly expireMs: number;
  /** From when a source is asked until the copy has the answer, and has stored what it says. */
  readonly slackMs: number;
}

/** Remembers of each copy how new what it knows can be at most. A copy of a copy knows nothing newer than that one. */
export class Freshness {
  readonly #options: FreshnessOptions;
  readonly #asOf = new Map<string, { readonly at: number; readonly hops: number }>();

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  get expireMs(): number {
    return this.#options.expireMs;
  }

  /** The server `source` hears a question about its zone from `copy`. */
  asked(source: string, copy: string): void {
    const { now, original } = this.#options;
    const asOf = source === original ? { at: now(), hops: 0 } : this.#asOf.get(source);
    if (asOf === undefined) return;
    const { at, hops } = asOf;
    const before = this.#asOf.get(copy)?.at ?? Number.NEGATIVE_INFINITY;
    if (at > before) this.#asOf.set(copy, { at, hops: hops + 1 });
  }

  /** Since when `copy`, which answered something that was asked at `askedAt`, ought to be silent; undefined if it may answer. */
  staleSince(copy: string, askedAt: number): number | undefined {
    const { expireMs, slackMs } = this.#options;
    const asOf = this.#asOf.get(copy);
    if (asOf === undefined) return undefined;
    const until = asOf.at + expireMs + asOf.hops * slackMs;
    return askedAt > until ? until : undefined;
  }
}
