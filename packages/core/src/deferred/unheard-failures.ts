import type { Reports } from '../contract/reports.ts';

/** Tells of the failures of a source, and of all that is derived from it, that nobody handles. Each is told once. */
export class UnheardFailures {
  readonly #reports: Reports;
  readonly #where: string;
  readonly #madeAt: Error;
  #told: { readonly error: unknown } | undefined;

  /** @param madeAt has the stack a reader wants: where the source was made */
  constructor(reports: Reports, where: string, madeAt: Error) {
    this.#reports = reports;
    this.#where = where;
    this.#madeAt = madeAt;
  }

  report(error: unknown): void {
    // Several branches end with it.
    if (this.#told && this.#told.error === error) return;
    this.#told = { error };
    const unheard = new Error(this.#madeAt.message, { cause: error });
    Object.defineProperty(unheard, 'stack', { value: this.#madeAt.stack });
    this.#reports.problem(this.#where, unheard);
  }
}
