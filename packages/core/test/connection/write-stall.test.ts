import { expect, test } from 'vitest';
import type { Wire } from '../../src/connection/wire.ts';
import { WireTransport } from '../../src/connection/wire-transport.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import { RecordingWire } from '../../testing/recording-wire.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

const HIGH_WATER_MARK = 16_384;
const PATIENT = 1024 * 1024;
const LIMIT = HIGH_WATER_MARK + PATIENT;
const STALLED: CloseReason = { kind: 'timeout', timer: 'write', afterMs: 10_000 };

/** A peer that takes as many bytes as a test says. */
class SlowWire extends RecordingWire implements Wire {
  /** What a kernel says that the peer has not acknowledged. */
  unacknowledged: number | undefined;

  take(bytes: number): void {
    this.pendingBytes -= bytes;
  }

  askUnacknowledged(heard: (bytes: number) => void): void {
    if (this.unacknowledged !== undefined) heard(this.unacknowledged);
  }
}

function setUp() {
  const reactor = createTestReactor();
  const wire = new SlowWire(reactor.clock, {
    local: { kind: 'memory', name: 'local' },
    peer: { kind: 'memory', name: 'peer' },
    highWaterMark: HIGH_WATER_MARK,
  });
  wire.stalled = true;
  const transport = new WireTransport(reactor, wire, { id: 1, side: 'server' });
  const lost: CloseReason[] = [];
  transport.start({ dataReceived: () => undefined, connectionLost: (why) => lost.push(why) });
  return { reactor, wire, transport, lost };
}

test('a peer that takes nothing for ten seconds while more than 1 MiB waits is aborted', async () => {
  const { reactor, transport, lost } = setUp();
  transport.write(Buffer.alloc(LIMIT + 1));
  await reactor.clock.elapse(9_999);
  expect(lost).toEqual([]);
  await reactor.clock.elapse(1);
  expect(lost).toEqual([STALLED]);
  expect(reactor.clock.timers).toBe(0);
});

test('1 MiB above the high-water mark may wait for ever, and costs no timer', async () => {
  const { reactor, transport, lost } = setUp();
  transport.write(Buffer.alloc(LIMIT));
  expect(reactor.clock.timers).toBe(0);
  await reactor.clock.elapse(3_600_000);
  expect(lost).toEqual([]);
});

test('a slow reader of 5 MB is never cut, also when it is one write', async () => {
  const { reactor, wire, transport, lost } = setUp();
  transport.write(Buffer.alloc(5_000_000));
  while (wire.pendingBytes > LIMIT) {
    await reactor.clock.elapse(9_900);
    wire.take(10_000);
  }
  expect(lost).toEqual([]);
  // Below the limit nobody watches any more.
  await reactor.clock.elapse(60_000);
  expect(reactor.clock.timers).toBe(0);
  expect(lost).toEqual([]);
});

test('what is written meanwhile is no progress', async () => {
  const { reactor, transport, lost } = setUp();
  transport.write(Buffer.alloc(LIMIT + 1));
  for (let second = 0; second < 10; second++) {
    transport.write(Buffer.alloc(1_000));
    await reactor.clock.elapse(1_000);
  }
  expect(lost).toEqual([STALLED]);
});

test('a peer that acknowledges takes something, though the kernel asks for no more', async () => {
  const { reactor, wire, transport, lost } = setUp();
  wire.unacknowledged = 2_000_000;
  transport.write(Buffer.alloc(LIMIT + 1));
  for (let second = 0; second < 100; second += 5) {
    await reactor.clock.elapse(5_000);
    wire.unacknowledged -= 1_000;
  }
  expect(lost).toEqual([]);
  await reactor.clock.elapse(15_000);
  expect(lost).toEqual([STALLED]);
});

test('it is watched again after it was read', async () => {
  const { reactor, wire, transport, lost } = setUp();
  transport.write(Buffer.alloc(LIMIT + 1));
  await reactor.clock.elapse(5_000);
  wire.drain();
  await reactor.clock.elapse(60_000);
  wire.stalled = true;
  transport.write(Buffer.alloc(LIMIT + 1));
  await reactor.clock.elapse(9_000);
  expect(lost).toEqual([]);
  await reactor.clock.elapse(1_000);
  expect(lost).toEqual([STALLED]);
});

test('bytes that the writer holds back itself are not the fault of the peer', async () => {
  const { reactor, transport, lost } = setUp();
  transport.cork();
  transport.write(Buffer.alloc(LIMIT + 1));
  await reactor.clock.elapse(60_000);
  expect(lost).toEqual([]);
});

test.for<[string, (transport: WireTransport, wire: SlowWire) => void]>([
  ['aborted', (transport) => transport.abort()],
  ['lost', (_, wire) => wire.lose()],
])('nobody watches a connection that is %s', async ([, end]) => {
  const { reactor, wire, transport } = setUp();
  transport.write(Buffer.alloc(LIMIT + 1));
  expect(reactor.clock.timers).toBe(1);
  end(transport, wire);
  await reactor.clock.settle();
  expect(reactor.clock.timers).toBe(0);
});
