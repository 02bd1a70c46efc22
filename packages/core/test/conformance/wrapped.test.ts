import { describe, expect, test } from 'vitest';
import {
  type Capability,
  type ConformanceCase,
  duplexConformance,
  isApplicable,
  transportConformance,
} from '../../conformance/index.ts';
import { stack } from '../../src/connection/stack.ts';
import type { Layer } from '../../src/contract/layer.ts';
import { pipeCan, pipeHarness } from './pipe-harness.ts';
import { proxied, tapped, throttled, throttledTogether } from './wrapping-layers.ts';

const all = [...transportConformance, ...duplexConformance];
/** The ends that a PROXY header reports are not those of a pipe. */
const withoutEnds = all.filter(({ name }) => !name.includes('know each other'));
const withoutBulk = new Set([...pipeCan].filter((each) => each !== 'bulk'));

interface Wrapper {
  readonly make: () => Layer;
  readonly cases?: readonly ConformanceCase[];
  readonly can?: ReadonlySet<Capability>;
}

const wrappers: Readonly<Record<string, Wrapper>> = {
  'behind a PROXY header of version 1': { make: () => proxied(1), cases: withoutEnds },
  'behind a PROXY header of version 2': { make: () => proxied(2), cases: withoutEnds },
  tapped: { make: tapped },
  throttled: { make: throttled },
  'throttled to a few bytes at a time': { make: () => throttled(100), can: withoutBulk },
  'throttled together': { make: throttledTogether },
  'behind two PROXY headers, tapped and throttled': {
    make: () =>
      Object.assign(stack(proxied(2), proxied(1), tapped(), throttled()), {
        kind: 'transform' as const,
        label: 'all',
      }),
    cases: withoutEnds,
  },
};

describe.each(Object.entries(wrappers))('a pipe, %s', (_, wrapper) => {
  const { make, cases = all, can = pipeCan } = wrapper;
  for (const each of cases.filter((one) => isApplicable(one, can))) {
    test(each.name, async () => {
      const harness = pipeHarness({ layer: make() });
      await each.run(harness);
      await harness.reactor.clock.settle();
      expect(harness.reactor.clock.timers, 'no timer is left').toBe(0);
    });
  }
});
