import { expect, test } from 'vitest';
import { ConnectionTracker } from '../../src/connection/connection-tracker.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

function track(...protocols: readonly Protocol[]) {
  const reactor = createTestReactor();
  const tracker = new ConnectionTracker(reactor);
  const reasons: CloseReason['kind'][] = [];
  for (const protocol of protocols) {
    const { server } = connectPipe(
      reactor,
      () => protocol,
      () => ({ dataReceived() {} }),
    );
    tracker.add(server);
    server.onClose(({ kind }) => reasons.push(kind));
  }
  return { reactor, tracker, reasons };
}

test('a drain closes who does not say how, and leaves no timer', async () => {
  const { reactor, tracker, reasons } = track({ dataReceived() {} }, { dataReceived() {} });
  const drained = tracker.drain(1000);
  await reactor.clock.settle();
  expect(await drained).toEqual({ finished: 2, aborted: 0 });
  expect(reasons).toEqual(['done', 'done']);
  expect([tracker.size, reactor.clock.timers]).toEqual([0, 0]);
});

test('a drain waits for the deadline and no longer, and tells who was cut off', async () => {
  const asked: number[] = [];
  const stubborn: Protocol = { dataReceived() {}, drainRequested: (at) => asked.push(at) };
  const { reactor, tracker, reasons } = track(stubborn, { dataReceived() {} });
  const drained = tracker.drain(1000);
  await reactor.clock.elapse(999);
  expect(drained.peek().state).toBe('pending');
  expect([asked, reasons]).toEqual([[1000], ['done']]);
  await reactor.clock.elapse(1);
  expect(await drained).toEqual({ finished: 1, aborted: 1 });
  expect(reasons).toEqual(['done', 'shutdown']);
});

test('a throw in drainRequested ends that connection alone', async () => {
  const throwing: Protocol = {
    dataReceived() {},
    drainRequested() {
      throw new Error('a mistake');
    },
  };
  const { reactor, tracker, reasons } = track(throwing, { dataReceived() {} });
  const drained = tracker.drain(1000);
  await reactor.clock.settle();
  expect((await drained).aborted).toBe(0);
  expect(reasons.sort()).toEqual(['done', 'protocol']);
  expect(reactor.reports.problems.map(({ where }) => where)).toEqual(['protocol.drainRequested']);
});

test('a drain of nothing is done at once', async () => {
  const { reactor, tracker } = track();
  expect(await tracker.drain(1000)).toEqual({ finished: 0, aborted: 0 });
  expect(reactor.clock.timers).toBe(0);
});

test('a connection that cannot be closed in time is one that was cut off', async () => {
  const reactor = createTestReactor();
  const tracker = new ConnectionTracker(reactor);
  const { server } = connectPipe(
    reactor,
    () => ({ dataReceived() {} }),
    () => ({
      dataReceived() {},
      // It never reads, so that what the server wrote cannot leave.
      connectionMade: (transport) => transport.pauseReading(),
    }),
  );
  tracker.add(server);
  server.write(Buffer.alloc(1_000_000));
  const drained = tracker.drain(1000);
  await reactor.clock.elapse(1000);
  expect(await drained).toEqual({ finished: 0, aborted: 1 });
});

test('who comes during a drain counts as well', async () => {
  const stubborn: Protocol = { dataReceived() {}, drainRequested() {} };
  const { reactor, tracker } = track({ dataReceived() {} });
  const drained = tracker.drain(1000);
  const { server } = connectPipe(
    reactor,
    () => stubborn,
    () => ({ dataReceived() {} }),
  );
  tracker.add(server);
  await reactor.clock.elapse(1000);
  expect(await drained).toEqual({ finished: 1, aborted: 1 });
});

test('a drain that is cancelled cuts nobody off', async () => {
  const { reactor, tracker } = track({ dataReceived() {}, drainRequested() {} });
  const drained = tracker.drain(1000);
  drained.cancel();
  await expect(drained).rejects.toThrow('Cancelled');
  await reactor.clock.elapse(1000);
  expect([tracker.size, reactor.clock.timers]).toEqual([1, 0]);
});
