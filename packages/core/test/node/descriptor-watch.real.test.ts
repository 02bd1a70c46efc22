import { expect, test } from 'vitest';
import { type DescriptorProbes, DescriptorWatch } from '../../src/node/descriptor-watch.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

/** A process whose loop is busy, and which has descriptors again after it was asked a few times. */
function setUp(state: { utilization: number; exhausted: number }) {
  const reactor = createTestReactor();
  let asked: () => void = () => undefined;
  const freed = new Promise<void>((done) => {
    asked = done;
  });
  const probes: DescriptorProbes = {
    utilization: () => state.utilization,
    exhausted() {
      state.exhausted -= 1;
      if (state.exhausted < 0) asked();
      return state.exhausted >= 0;
    },
  };
  return { reactor, freed, watch: new DescriptorWatch(reactor, probes) };
}

test('a busy process without descriptors is reported and braked, until there are some', async () => {
  const { reactor, freed, watch } = setUp({ utilization: 1, exhausted: 3 });
  watch.begin();
  watch.begin();
  await freed;
  expect(reactor.reports.problems.map(({ where, error }) => `${where}: ${String(error)}`)).toEqual([
    'accept: ConnectionError: Cannot accept connections as the process has no descriptors left',
  ]);
  watch.end();
  watch.end();
});

test('a process that is busy, and has descriptors, is left alone', async () => {
  const { reactor, freed, watch } = setUp({ utilization: 1, exhausted: 0 });
  watch.begin();
  await freed;
  watch.end();
  expect(reactor.reports.problems).toEqual([]);
});
