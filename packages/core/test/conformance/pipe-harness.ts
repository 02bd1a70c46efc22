import type { Capability, ConformanceHarness } from '../../conformance/index.ts';
import { toFactory } from '../../src/connection/factory.ts';
import { WireTransport } from '../../src/connection/wire-transport.ts';
import type { Layer } from '../../src/contract/layer.ts';
import { createPipe, type PipeOptions } from '../../testing/pipe.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

export const pipeCan: ReadonlySet<Capability> = new Set([
  'resets',
  'quietStart',
  'halfCloses',
  'limitsPending',
  'countsWrites',
  'bulk',
  'copies',
]);

/** Pipes on virtual time, with a layer in front of both ends if there is one. */
export function pipeHarness(
  options: PipeOptions & { readonly layer?: Layer } = {},
): ConformanceHarness & { readonly reactor: TestReactor } {
  const { layer, ...pipeOptions } = options;
  const reactor = createTestReactor();
  const { clock, reports } = reactor;
  const writes = new Map<number, number>();
  let lastId = 0;
  return {
    reactor,
    can: pipeCan,
    problems: reports.problems,
    async connect(server, client, { maxPendingBytes } = {}) {
      const pipe = createPipe(reactor, pipeOptions);
      const sides = { server, client };
      for (const side of ['server', 'client'] as const) {
        const id = ++lastId;
        const wire = pipe[side];
        const write = wire.write.bind(wire);
        wire.write = (list) => {
          writes.set(id, (writes.get(id) ?? 0) + 1);
          write(list);
        };
        const factory = toFactory(sides[side]);
        const transport = new WireTransport(reactor, wire, { id, side, maxPendingBytes });
        transport.adopt(layer ? layer(factory) : factory);
      }
    },
    wait: (answer) => elapseUntil(answer, clock),
    quiet: () => clock.settle(),
    countWrites({ id }) {
      const before = writes.get(id) ?? 0;
      return () => (writes.get(id) ?? 0) - before;
    },
  };
}

/** Lets virtual time pass until there is an answer. */
export async function elapseUntil<T>(answer: Promise<T>, clock: TestReactor['clock']): Promise<T> {
  let waiting = true;
  const settled = (): void => {
    waiting = false;
  };
  answer.then(settled, settled);
  await clock.settle();
  for (let turn = 0; waiting; turn++) {
    if (turn === 1000) throw new Error('Cannot go on waiting: nothing happened for 100 s');
    await clock.elapse(100);
  }
  return answer;
}
