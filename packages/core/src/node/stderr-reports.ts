import { inspect } from 'node:util';
import type { Reports } from '../contract/reports.ts';

/** Problems as text on standard error, with the stack and the causes. */
export const stderrReports: Reports = {
  problem(where, error) {
    // `inspect` escapes control characters inside strings, so a peer's bytes cannot forge a line.
    process.stderr.write(`hawser: problem in ${where}: ${inspect(error)}\n`);
  },
};
