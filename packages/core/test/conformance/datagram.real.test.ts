import { describe, test } from 'vitest';
import { datagramConformance } from '../../conformance/index.ts';
import { nodeHarness } from './reactor-harnesses.ts';

describe('UDP of the node reactor', () => {
  for (const each of datagramConformance) {
    // oxlint-disable-next-line vitest/expect-expect -- the case asserts
    test(each.name, () => each.run(nodeHarness()));
  }
});
