import { describe, test } from 'vitest';
import { duplexConformance, isApplicable, transportConformance } from '../../conformance/index.ts';
import { type SimHarnessOptions, simCan, simHarness } from './sim-harness.ts';

const ways: Readonly<Record<string, SimHarnessOptions & { without?: readonly string[] }>> = {
  'without latency': { link: { latencyMs: 0, cut: 'whole' } },
  'with 40 ms latency and random cuts': {
    link: { latencyMs: 40, cut: 'random' },
    without: ['countsWrites'],
  },
  'cut into bytes': {
    link: { latencyMs: 0, cut: 'bytes' },
    without: ['bulk'],
  },
  'that loses a tenth of its packets': {
    link: { latencyMs: 5, loss: 0.1, cut: 'random' },
    // The reset itself may be lost.
    without: ['bulk', 'resets'],
  },
  'inside of one host': { over: 'loopback' },
  'by a Unix socket': { over: 'unix', without: ['resets', 'countsWrites'] },
};

describe.each(Object.entries(ways))('a simulated link %s', (_, way) => {
  const can = new Set([...simCan].filter((each) => !way.without?.includes(each)));
  // A stream over a Unix socket does not hear of an abort, as there is no reset.
  const duplex = way.over === 'unix' ? [] : duplexConformance;
  for (const each of [...transportConformance, ...duplex].filter((one) => isApplicable(one, can))) {
    // oxlint-disable-next-line vitest/expect-expect -- the case asserts
    test(each.name, async () => {
      await each.run(simHarness(way));
    });
  }
});
