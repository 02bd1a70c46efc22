import { abortingCases } from './aborting.ts';
import { callCases } from './calls.ts';
import { closingCases } from './closing.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { corkingCases } from './corking.ts';
import { detachingCases } from './detaching.ts';
import { endingCases } from './ending.ts';
import { failureCases } from './failures.ts';
import { handOverCases } from './hand-over.ts';
import { integrityCases } from './integrity.ts';
import { readingCases } from './reading.ts';
import { writingCases } from './writing.ts';

/**
 * What every transport must do. Run each case on a harness of its own, with the test runner of your choice:
 *
 * @example
 * for (const each of transportConformance) {
 *   test.skipIf(!isApplicable(each, can))(each.name, () => each.run(makeHarness()));
 * }
 */
export const transportConformance: readonly ConformanceCase[] = [
  ...callCases,
  ...readingCases,
  ...writingCases,
  ...failureCases,
  ...handOverCases,
  ...detachingCases,
  ...endingCases,
  ...integrityCases,
  ...corkingCases,
  ...closingCases,
  ...abortingCases,
];
