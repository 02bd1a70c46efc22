import { expect, test } from 'vitest';
import { stack } from '../../src/connection/stack.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import { maxConnections } from '../../src/layers/admission/max-connections.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

const silent = { name: 'silent', buildProtocol: () => ({ dataReceived() {} }) };

test('a connection above the limit is refused, and a place that is free again is given', async () => {
  const reactor = createTestReactor();
  const server = stack(maxConnections(1))(silent);
  const reasons: CloseReason[] = [];
  const first = connectPipe(reactor, server, silent);
  const second = connectPipe(reactor, server, silent);
  second.server.onClose((reason) => reasons.push(reason));
  await reactor.clock.settle();
  expect(reasons).toEqual([{ kind: 'refused', by: 'max(1)', why: '1 connections are open' }]);
  expect(first.server.ending).toBe(false);
  first.server.abort();
  await reactor.clock.settle();
  const third = connectPipe(reactor, server, silent);
  await reactor.clock.settle();
  expect(third.server.ending).toBe(false);
});

test('one value used in two stacks is one limit', async () => {
  const reactor = createTestReactor();
  const limit = maxConnections(1);
  connectPipe(reactor, stack(limit)(silent), silent);
  const second = connectPipe(reactor, stack(limit)(silent), silent);
  expect(second.server.ending).toBe(true);
});

test('a factory behind it that refuses or throws gives the place back', async () => {
  const reactor = createTestReactor();
  let turn = 0;
  const server = stack(maxConnections(1))(() => {
    turn += 1;
    if (turn === 1) return undefined;
    if (turn === 2) throw new Error('a mistake');
    return { dataReceived() {} };
  });
  for (const ending of [true, true, false]) {
    expect(connectPipe(reactor, server, silent).server.ending).toBe(ending);
    await reactor.clock.settle();
  }
  expect(reactor.reports.problems).toHaveLength(1);
});

test.each([0, -1, 1.5, Number.NaN])('a limit of %d is a mistake', (limit) => {
  expect(() => maxConnections(limit)).toThrow(RangeError);
});
