import { describe, test } from 'vitest';
import { reactorConformance } from '../../conformance/index.ts';
import { nodeHarness } from './reactor-harnesses.ts';

describe('the node reactor', () => {
  for (const each of reactorConformance.filter(({ needs = [] }) => needs.length === 0)) {
    // oxlint-disable-next-line vitest/expect-expect -- the case asserts
    test(each.name, () => each.run(nodeHarness()));
  }
});
