import { describe, test } from 'vitest';
import { datagramConformance, reactorConformance } from '../../conformance/index.ts';
import { simulatedHarness } from './reactor-harnesses.ts';

describe.each([0, 4])('a simulated reactor at a latency of %i ms', (latencyMs) => {
  for (const each of [...reactorConformance, ...datagramConformance]) {
    // oxlint-disable-next-line vitest/expect-expect -- the case asserts
    test(each.name, () => each.run(simulatedHarness(latencyMs)));
  }
});
