import { UsageError } from '@hawser/core';
import { formatProblem, type ZoneFileProblem } from './problem.ts';

/** A zone file that cannot be served. Its message shows the first problem. */
export class ZoneFileError extends UsageError<'HAWSER_DNS_ZONE_FILE'> {
  override readonly name: string = 'ZoneFileError';
  /** All that is wrong with it, up to 100. */
  readonly problems: readonly ZoneFileProblem[];

  constructor(path: string, problems: readonly ZoneFileProblem[]) {
    const [first] = problems;
    const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    const shown = first === undefined ? '' : `: ${formatProblem(first)}${others}`;
    super('HAWSER_DNS_ZONE_FILE', `Cannot serve zone file "${path}"${shown}`);
    this.problems = problems;
  }
}
