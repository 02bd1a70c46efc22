import { describe, expect, test } from 'vitest';
import { duplexConformance, isApplicable, transportConformance } from '../../conformance/index.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { pipeCan, pipeHarness } from './pipe-harness.ts';

const copy = transform('copy', () => ({
  received: (data) => Buffer.from(data),
  sent: (data) => Buffer.from(data),
}));

/** A byte a chunk is slow. */
const withoutBulk = new Set([...pipeCan].filter((each) => each !== 'bulk'));

const ways = {
  whole: () => pipeHarness(),
  'cut at random': () => pipeHarness({ cut: 7 }),
  'cut into bytes': () => pipeHarness({ cut: 'bytes' }),
  'through three transform layers': () =>
    pipeHarness({
      layer: Object.assign((inner: Parameters<typeof copy>[0]) => copy(copy(copy(inner))), {
        kind: 'transform' as const,
        label: 'three',
      }),
    }),
};

describe.each(Object.entries(ways))('a pipe, %s', (way, makeHarness) => {
  const can = way === 'cut into bytes' ? withoutBulk : pipeCan;
  for (const each of [...transportConformance, ...duplexConformance].filter((one) =>
    isApplicable(one, can),
  )) {
    test(each.name, async () => {
      const harness = makeHarness();
      await each.run(harness);
      await harness.reactor.clock.settle();
      expect(harness.reactor.clock.timers, 'no timer is left').toBe(0);
    });
  }
});
