import { describe, test } from 'vitest';
import { type Capability, isApplicable, layerConformance } from '../../conformance/index.ts';
import { layersUnderTest } from './layers-under-test.ts';
import { socketHarness } from './socket-harness.ts';
import { tcpKind } from './tcp-kind.ts';

const plain = tcpKind();
const secureCan: ReadonlySet<Capability> = new Set(['resets', 'halfCloses', 'detaches', 'bulk']);

describe.each(Object.entries(layersUnderTest))('the layer %s on a socket', (_, subject) => {
  const can = subject.secure ? secureCan : plain.can;
  for (const each of layerConformance.filter((one) => isApplicable(one, can))) {
    // oxlint-disable-next-line vitest/expect-expect -- the case asserts
    test(each.name, async () => {
      const harness = socketHarness({ ...plain, can, calmMs: 8 });
      try {
        await each.run(Object.assign(harness, subject));
      } finally {
        await harness[Symbol.asyncDispose]();
      }
    });
  }
});
