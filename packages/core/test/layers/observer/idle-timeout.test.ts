import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import type { CloseReason } from '../../../src/contract/close-reason.ts';
import { idleTimeout } from '../../../src/layers/observer/idle-timeout.ts';
import { connectPipe } from '../../../testing/pipe.ts';
import { createTestReactor } from '../../../testing/test-reactor.ts';

const silent = { name: 'silent', buildProtocol: () => ({ dataReceived() {} }) };

test('a silent connection is aborted after the time, with its reason', async () => {
  const reactor = createTestReactor();
  const { server } = connectPipe(reactor, stack(idleTimeout(1000))(silent), silent);
  const reasons: CloseReason[] = [];
  server.onClose((reason) => reasons.push(reason));
  await reactor.clock.elapse(999);
  expect(server.ending).toBe(false);
  await reactor.clock.elapse(1);
  expect(reasons).toEqual([{ kind: 'timeout', timer: 'idle', afterMs: 1000 }]);
  expect(reactor.clock.timers).toBe(0);
});

test.each(['client', 'server'] as const)('traffic from the %s keeps it open', async (side) => {
  const reactor = createTestReactor();
  const ends = connectPipe(reactor, stack(idleTimeout(1000))(silent), silent);
  for (let i = 0; i < 10; i++) {
    ends[side].write(Buffer.from('x'));
    await reactor.clock.elapse(900);
  }
  expect(ends.server.ending).toBe(false);
  await reactor.clock.elapse(1250);
  expect(ends.server.ending).toBe(true);
});

test('a peer that reads slowly keeps it open, one that has stopped does not', async () => {
  const reactor = createTestReactor();
  const slow = {
    name: 'slow',
    buildProtocol: () => ({ dataReceived: () => client.pauseReading() }),
  };
  const { server, client } = connectPipe(reactor, stack(idleTimeout(1000))(silent), slow);
  server.write(Buffer.alloc(1_000_000));
  for (let i = 0; i < 10; i++) {
    await reactor.clock.elapse(900);
    client.resumeReading();
  }
  expect(server.ending).toBe(false);
  expect(server.pendingBytes).toBeGreaterThan(0);
  await reactor.clock.elapse(1250);
  expect(server.ending).toBe(true);
});

test('a connection that ends leaves no timer behind', async () => {
  const reactor = createTestReactor();
  const { server } = connectPipe(reactor, stack(idleTimeout(1000))(silent), silent);
  server.abort();
  await reactor.clock.settle();
  expect(reactor.clock.timers).toBe(0);
});

test.each([0, -1, Number.NaN])('%d milliseconds are a mistake', (ms) => {
  expect(() => idleTimeout(ms)).toThrow(RangeError);
});
