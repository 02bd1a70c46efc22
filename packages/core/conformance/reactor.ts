import { clockCases } from './reactor-clock.ts';
import { connectingCases } from './reactor-connecting.ts';
import type { ReactorCase } from './reactor-harness.ts';
import { listeningCases } from './reactor-listening.ts';

/**
 * What every reactor must do. Run each case on a harness of its own, with the test runner of your choice:
 *
 * @example
 * for (const each of reactorConformance) test(each.name, () => each.run(makeHarness()));
 */
export const reactorConformance: readonly ReactorCase[] = [
  ...clockCases,
  ...listeningCases,
  ...connectingCases,
];
