import { describe, expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import type { CloseReason } from '../../../src/contract/close-reason.ts';
import type { Layer } from '../../../src/contract/layer.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import {
  sharedThrottle,
  type ThrottleOptions,
  throttle,
} from '../../../src/layers/transform/throttle.ts';
import { type ConnectPipeOptions, connectPipe } from '../../../testing/pipe.ts';
import { createTestReactor, type TestReactor } from '../../../testing/test-reactor.ts';

/** One end of a connection, and what it has heard. */
class End {
  transport!: Transport;
  received = 0;
  text = '';
  drained = 0;
  ended = false;
  reason: CloseReason | undefined;

  readonly factory = () => ({
    connectionMade: (transport: Transport) => {
      this.transport = transport;
    },
    dataReceived: (data: Buffer) => {
      this.received += data.length;
      if (this.text.length < 1000) this.text += data.toString('latin1');
    },
    writeDrained: () => {
      this.drained += 1;
    },
    readEnded: () => {
      this.ended = true;
    },
    connectionLost: (reason: CloseReason) => {
      this.reason = reason;
    },
  });
}

function connected(
  layer: Layer,
  {
    reactor = createTestReactor(),
    ...options
  }: ConnectPipeOptions & { reactor?: TestReactor } = {},
) {
  const server = new End();
  const client = new End();
  const pipe = connectPipe(reactor, stack(layer)(server.factory), client.factory, options);
  return { reactor, server, client, pipe };
}

const setUp = (options: ThrottleOptions, pipe: ConnectPipeOptions = {}) =>
  connected(throttle(options), pipe);

describe('to the peer', () => {
  test('a burst passes at once, and then as much a second as the rate says', async () => {
    const { reactor, server, client } = setUp({ writeBytesPerSecond: 1000, burst: 500 });
    server.transport.write(Buffer.alloc(10_000));
    await reactor.clock.settle();
    expect(client.received).toBe(500);
    await reactor.clock.elapse(1000);
    expect(client.received).toBe(1500);
    await reactor.clock.elapse(8490);
    expect(client.received).toBeLessThan(10_000);
    await reactor.clock.elapse(10);
    expect(client.received).toBe(10_000);
    expect(reactor.clock.timers).toBe(0);
  });

  test('what waits is pending, and drained comes once when it has left', async () => {
    const { reactor, server } = setUp({ writeBytesPerSecond: 100_000, burst: 1000 });
    expect(server.transport.write(Buffer.alloc(101_000))).toBe(false);
    await reactor.clock.settle();
    expect(server.transport.pendingBytes).toBe(100_000);
    expect(server.transport.bytesWritten).toBe(101_000);
    await reactor.clock.elapse(990);
    expect(server.drained).toBe(0);
    await reactor.clock.elapse(10);
    expect([server.drained, server.transport.pendingBytes]).toEqual([1, 0]);
    await reactor.clock.elapse(5000);
    expect(server.drained).toBe(1);
  });

  test('drained waits for a peer that does not read, too', async () => {
    const { reactor, server, client } = setUp({ writeBytesPerSecond: 100_000, burst: 1000 });
    client.transport.pauseReading();
    server.transport.write(Buffer.alloc(200_000));
    await reactor.clock.elapse(10_000);
    expect(server.drained).toBe(0);
    client.transport.resumeReading();
    await reactor.clock.settle();
    expect([server.drained, client.received]).toEqual([1, 200_000]);
  });

  test('too much waiting ends the connection', async () => {
    const { reactor, server } = setUp({ writeBytesPerSecond: 1 }, { maxPendingBytes: 5000 });
    server.transport.write(Buffer.alloc(5002));
    await reactor.clock.settle();
    expect(server.reason).toMatchObject({ error: { code: 'HAWSER_WRITE_QUEUE_FULL' } });
    expect(reactor.clock.timers).toBe(0);
  });

  test.each(['end', 'close'] as const)('%s follows behind what waits', async (how) => {
    const { reactor, server, client } = setUp({ writeBytesPerSecond: 1000 });
    server.transport.write(Buffer.alloc(5000));
    server.transport[how]();
    await reactor.clock.elapse(3990);
    expect([client.received < 5000, client.ended]).toEqual([true, false]);
    await reactor.clock.elapse(10);
    expect([client.received, client.ended]).toEqual([5000, true]);
    client.transport.end();
    await reactor.clock.elapse(10_000);
    expect([server.reason, client.reason]).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    expect(reactor.clock.timers).toBe(0);
  });

  test('the deadline of close holds', async () => {
    const { reactor, server, client } = setUp({ writeBytesPerSecond: 1000 });
    server.transport.write(Buffer.alloc(50_000));
    server.transport.close({ deadlineMs: 2000 });
    await reactor.clock.elapse(2000);
    expect(server.reason).toEqual({ kind: 'timeout', timer: 'close', afterMs: 2000 });
    expect(client.reason).toMatchObject({ kind: 'reset' });
    expect(reactor.clock.timers).toBe(0);
  });

  test('what is left of the deadline holds for a peer that does not end', async () => {
    const { reactor, server } = setUp({ writeBytesPerSecond: 1000 });
    server.transport.write(Buffer.alloc(2000));
    server.transport.close({ deadlineMs: 1500 });
    await reactor.clock.elapse(3000);
    expect(server.reason).toBeDefined();
    expect(reactor.clock.timers).toBe(0);
  });

  test('an abort drops what waits, at once', async () => {
    const { reactor, server, client } = setUp({ writeBytesPerSecond: 1000 });
    server.transport.write(Buffer.alloc(50_000));
    server.transport.abort();
    await reactor.clock.settle();
    expect(client.reason).toMatchObject({ kind: 'reset' });
    expect(reactor.clock.timers).toBe(0);
  });

  test('a peer that goes away leaves no timer', async () => {
    const { reactor, server, client } = setUp({ writeBytesPerSecond: 1000 });
    server.transport.write(Buffer.alloc(50_000));
    client.transport.abort();
    await reactor.clock.settle();
    expect(server.reason).toMatchObject({ kind: 'reset' });
    expect(reactor.clock.timers).toBe(0);
  });

  test('a process that stops lets what waits leave before the deadline', async () => {
    const { reactor, server, client, pipe } = setUp({ writeBytesPerSecond: 1000 });
    server.transport.write(Buffer.alloc(3000));
    pipe.server.requestDrain(reactor.clock.now() + 10_000);
    await reactor.clock.elapse(2000);
    expect([client.received, client.ended]).toEqual([3000, true]);
  });
});

test('waiting for the pace is no stall, however slow it is', async () => {
  const { reactor, server, client } = setUp({ writeBytesPerSecond: 0.05, burst: 1 });
  server.transport.write(Buffer.alloc(2_000_000));
  await reactor.clock.elapse(60_000);
  expect([server.reason, client.received]).toEqual([undefined, 4]);
});

describe('from the peer', () => {
  test('bytes come at the rate, and the peer is kept from sending more', async () => {
    const { reactor, server, client } = setUp(
      { readBytesPerSecond: 1000, burst: 500 },
      { highWaterMark: 10_000 },
    );
    client.transport.write(Buffer.alloc(200_000));
    await reactor.clock.settle();
    expect(server.received).toBe(500);
    await reactor.clock.elapse(2000);
    expect(server.received).toBe(2500);
    expect(client.transport.pendingBytes).toBeGreaterThan(100_000);
    expect(client.drained).toBe(0);
  });

  test('the end comes behind the last byte', async () => {
    const { reactor, server, client } = setUp({ readBytesPerSecond: 1000, burst: 100 });
    client.transport.write(Buffer.alloc(1100));
    client.transport.end();
    await reactor.clock.elapse(990);
    expect(server.ended).toBe(false);
    await reactor.clock.elapse(10);
    expect([server.received, server.ended]).toEqual([1100, true]);
    server.transport.end();
    await reactor.clock.settle();
    expect(client.reason).toEqual({ kind: 'done' });
    expect(reactor.clock.timers).toBe(0);
  });

  test('nothing comes while the protocol has paused, and nothing is lost', async () => {
    const { reactor, server, client } = setUp({ readBytesPerSecond: 1000, burst: 100 });
    client.transport.write(Buffer.from('x'.repeat(500)));
    await reactor.clock.elapse(100);
    expect(server.received).toBe(200);
    server.transport.pauseReading();
    await reactor.clock.elapse(10_000);
    expect(server.received).toBe(200);
    server.transport.resumeReading();
    expect(server.received).toBe(200);
    await reactor.clock.settle();
    expect(server.received).toBe(300);
    await reactor.clock.elapse(200);
    expect(server.received).toBe(500);
  });

  test('a close discards what waits and does not wait for it', async () => {
    const { reactor, server, client } = setUp({ readBytesPerSecond: 10 });
    client.transport.write(Buffer.alloc(10_000));
    client.transport.end();
    await reactor.clock.settle();
    server.transport.close();
    await reactor.clock.elapse(100);
    expect([server.reason, client.reason]).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    expect(reactor.clock.timers).toBe(0);
  });
});

test('the other direction is left alone', async () => {
  const { reactor, server, client } = setUp({ writeBytesPerSecond: 1 });
  client.transport.write(Buffer.alloc(100_000));
  await reactor.clock.settle();
  expect(server.received).toBe(100_000);
});

test('each connection has an allowance of its own', async () => {
  const reactor = createTestReactor();
  const layer = throttle({ writeBytesPerSecond: 1000 });
  const ends = [1, 2].map(() => connected(layer, { reactor }));
  for (const { server } of ends) server.transport.write(Buffer.alloc(5000));
  await reactor.clock.settle();
  expect(ends.map(({ client }) => client.received)).toEqual([1000, 1000]);
});

test('a shared allowance is one for all stacks, and those who wait take turns', async () => {
  const reactor = createTestReactor();
  const layer = sharedThrottle({ writeBytesPerSecond: 10_000, burst: 1000 });
  const ends = [1, 2, 3, 4].map(() => connected(layer, { reactor }));
  for (const { server } of ends) server.transport.write(Buffer.alloc(100_000));
  await reactor.clock.elapse(4000);
  const received = ends.map(({ client }) => client.received);
  const sum = received.reduce((all, each) => all + each);
  expect(sum).toBeGreaterThan(40_500);
  expect(sum).toBeLessThanOrEqual(41_000);
  // None is more than two turns ahead of another, but for the first burst.
  expect(Math.max(...received) - Math.min(...received)).toBeLessThanOrEqual(2000);
});

test('one that goes away does not keep the others waiting', async () => {
  const reactor = createTestReactor();
  const layer = sharedThrottle({ writeBytesPerSecond: 1000, burst: 100 });
  const ends = [1, 2, 3].map(() => connected(layer, { reactor }));
  for (const { server } of ends) server.transport.write(Buffer.alloc(1000));
  await reactor.clock.elapse(100);
  ends[0]?.server.transport.abort();
  ends[1]?.server.transport.abort();
  await reactor.clock.elapse(2000);
  expect(ends[2]?.client.received).toBe(1000);
  expect(reactor.clock.timers).toBe(0);
});

test('two throttles on one connection: the slower one counts', async () => {
  const reactor = createTestReactor();
  const server = new End();
  const client = new End();
  const layers = [500, 2000].map((rate) =>
    throttle({ writeBytesPerSecond: rate, readBytesPerSecond: rate, burst: 1 }),
  );
  connectPipe(reactor, stack(...layers)(server.factory), client.factory);
  server.transport.write(Buffer.alloc(1001));
  client.transport.write(Buffer.alloc(1001));
  await reactor.clock.elapse(1990);
  expect(Math.max(client.received, server.received)).toBeLessThan(1001);
  await reactor.clock.elapse(60);
  expect([client.received, server.received]).toEqual([1001, 1001]);
});

test.each<ThrottleOptions>([
  { readBytesPerSecond: 0 },
  { writeBytesPerSecond: -1 },
  { writeBytesPerSecond: Number.POSITIVE_INFINITY },
  { readBytesPerSecond: 10, burst: 0.5 },
])('%o is a mistake', (options) => {
  expect(() => throttle(options)).toThrow(RangeError);
  expect(() => sharedThrottle(options)).toThrow(RangeError);
});

test('the label shows both rates', () => {
  expect(throttle({ readBytesPerSecond: 5 }).label).toBe('throttle(5/-)');
});
