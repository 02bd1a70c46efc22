import { describe, expect, test } from 'vitest';
import { type Capability, isApplicable, layerConformance } from '../../conformance/index.ts';
import { layersUnderTest } from './layers-under-test.ts';
import { pipeCan, pipeHarness } from './pipe-harness.ts';

/** TLS sends session tickets, and copies bytes in its own time. */
const secureCan: ReadonlySet<Capability> = new Set(['resets', 'halfCloses', 'bulk']);

describe.each(Object.entries(layersUnderTest))('the layer %s', (_, subject) => {
  const can = subject.secure ? secureCan : pipeCan;
  for (const each of layerConformance.filter((one) => isApplicable(one, can))) {
    test(each.name, async () => {
      const harness = pipeHarness();
      await each.run(Object.assign(harness, subject, { can }));
      await harness.reactor.clock.settle();
      expect(harness.reactor.clock.timers, 'no timer is left').toBe(0);
    });
  }
});
