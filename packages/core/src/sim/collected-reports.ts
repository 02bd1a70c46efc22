import type { Reports } from '../contract/reports.ts';

/** Keeps problems for a test to look at. */
export class CollectedReports implements Reports {
  readonly problems: { readonly where: string; readonly error: unknown }[] = [];

  problem(where: string, error: unknown): void {
    this.problems.push({ where, error });
  }
}
