import type { Has } from '../contract/reactor.ts';

const INTERVAL_MS = 1_000;

/** A problem that may happen thousands of times a second, and is reported once in it, with a count. */
export class RepeatedReport {
  readonly #reactor: Has<'clock' | 'reports'>;
  readonly #where: string;
  #last = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(reactor: Has<'clock' | 'reports'>, where: string) {
    this.#reactor = reactor;
    this.#where = where;
  }

  /** It happened. `describe` gets how often since the last report, and is called only for one. */
  happened(describe: (count: number) => Error): void {
    this.#count += 1;
    const now = this.#reactor.clock.now();
    if (now - this.#last < INTERVAL_MS) return;
    const count = this.#count;
    this.#last = now;
    this.#count = 0;
    this.#reactor.reports.problem(this.#where, describe(count));
  }
}
