import { describe, expect, test } from 'vitest';
import {
  type Capability,
  type ConformanceCase,
  type ConformanceHarness,
  duplexConformance,
  isApplicable,
  transportConformance,
} from '../../conformance/index.ts';
import { fromDuplex } from '../../src/adapt/from-duplex.ts';
import { toSocket } from '../../src/adapt/to-socket.ts';
import type { Factory } from '../../src/contract/factory.ts';
import { connectPipe, type PipeOptions } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';
import { elapseUntil } from './pipe-harness.ts';

const can: ReadonlySet<Capability> = new Set([
  'resets',
  'quietStart',
  'halfCloses',
  'limitsPending',
  'bulk',
  'copies',
]);

/** A transport over a stream over a transport over a pipe. */
function harness(options: PipeOptions): ConformanceHarness {
  const reactor = createTestReactor();
  const { clock, reports } = reactor;
  return {
    can,
    problems: reports.problems,
    async connect(server, client, { maxPendingBytes } = {}) {
      const throughStream = (side: 'server' | 'client', upper: Factory): Factory => ({
        name: `${side} stream`,
        buildProtocol: () => ({
          dataReceived: () => undefined,
          connectionMade(transport) {
            const { local, peer } = transport;
            const socket = toSocket(transport);
            fromDuplex(reactor, socket, { side, local, peer, maxPendingBytes }, upper);
          },
        }),
      });
      connectPipe(
        reactor,
        throughStream('server', server),
        throughStream('client', client),
        options,
      );
    },
    wait: (answer) => elapseUntil(answer, clock),
    quiet: () => clock.settle(),
  };
}

function runCases(cases: readonly ConformanceCase[], options: PipeOptions = {}): void {
  for (const each of cases.filter((one) => isApplicable(one, can))) {
    // oxlint-disable-next-line vitest/expect-expect -- the case asserts
    test(each.name, () => each.run(harness(options)));
  }
}

describe('streams turned to a Duplex and back', () => {
  runCases(transportConformance);
});

describe('streams turned to a Duplex and back, cut at random', () => {
  runCases(transportConformance, { cut: 5 });
});

describe('a stream over a stream turned back', () => {
  runCases(duplexConformance);
});

test('what they cannot do is little', () => {
  const skipped = [...transportConformance, ...duplexConformance]
    .filter((each) => !isApplicable(each, can))
    .flatMap(({ needs }) => needs.filter((need) => !can.has(need)));
  expect(new Set(skipped)).toEqual(new Set(['detaches', 'countsWrites']));
});
