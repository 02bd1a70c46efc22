import { describe, expect, test } from 'vitest';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

/** Writes down what it is told. */
function recorder(also: Partial<Protocol> = {}): Protocol & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    connectionMade(transport: Transport) {
      seen.push('made');
      also.connectionMade?.(transport);
    },
    dataReceived(data: Buffer) {
      seen.push(`data ${data.toString()}`);
      also.dataReceived?.(data);
    },
    readEnded() {
      seen.push('ended');
      also.readEnded?.();
    },
    writeDrained: () => void seen.push('drained'),
    connectionLost: (reason: CloseReason) => void seen.push(`lost ${reason.kind}`),
  };
}

test('receive delivers at once, and what is written can be taken', () => {
  const transport = new FakeTransport();
  const protocol = recorder({ dataReceived: (data) => void transport.write(data) });
  transport.start(protocol);
  transport.receive('hello');
  expect(protocol.seen).toEqual(['made', 'data hello']);
  expect(transport.takeText()).toBe('hello');
  expect(transport.takeText()).toBe('');
  expect(transport.bytesRead).toBe(5);
});

test('writes of one callback leave together', () => {
  const transport = new FakeTransport();
  transport.start(
    recorder({
      dataReceived() {
        transport.write(Buffer.from('a'));
        transport.write(Buffer.from('b'));
      },
    }),
  );
  transport.receive('x');
  expect(transport.writes.map(String)).toEqual(['ab']);
});

test('abort leads to connectionLost in a later turn, once', async () => {
  const transport = new FakeTransport();
  const protocol = recorder();
  transport.start(protocol);
  transport.abort();
  transport.lose();
  transport.receive('late');
  await transport.settle();
  expect(protocol.seen).toEqual(['made', 'lost aborted']);
  expect(transport.wireState).toBe('reset');
  expect(transport.closedWith).toMatchObject({ kind: 'aborted' });
});

test('pausing holds data and the end of input', async () => {
  const transport = new FakeTransport();
  const protocol = recorder();
  transport.start(protocol);
  transport.pauseReading();
  transport.receive('a');
  transport.receiveEnd();
  await transport.settle();
  expect(protocol.seen).toEqual(['made']);
  transport.resumeReading();
  expect(protocol.seen).toEqual(['made']);
  await transport.settle();
  expect(protocol.seen).toEqual(['made', 'data a', 'ended']);
});

test('a write after the end is dropped and reported once', () => {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.start(recorder());
  transport.end();
  expect(transport.write(Buffer.from('x'))).toBe(false);
  expect(transport.write(Buffer.from('x'))).toBe(false);
  expect(transport.take()).toHaveLength(0);
  const { problems } = reactor.reports;
  expect(problems).toMatchObject([{ error: { code: 'HAWSER_WRITE_AFTER_END' } }]);
});

describe('a peer that does not read', () => {
  test('makes write give false, and drained follows once', () => {
    const transport = new FakeTransport({ highWaterMark: 4 });
    const protocol = recorder();
    transport.start(protocol);
    transport.stall();
    expect(transport.write(Buffer.from('abc'))).toBe(true);
    expect(transport.write(Buffer.from('d'))).toBe(false);
    expect(transport.pendingBytes).toBe(4);
    transport.drained();
    transport.drained();
    expect(protocol.seen).toEqual(['made', 'drained']);
  });

  test('is aborted when the queue is full', async () => {
    const transport = new FakeTransport({ maxPendingBytes: 10 });
    transport.start(recorder());
    transport.stall();
    transport.write(Buffer.alloc(11));
    await transport.settle();
    expect(transport.closedWith).toMatchObject({ error: { code: 'HAWSER_WRITE_QUEUE_FULL' } });
  });
});

test.each(['connectionMade', 'dataReceived', 'readEnded'] as const)(
  'a throw in %s is reported and aborts the connection',
  async (callback) => {
    const boom = new Error('boom');
    const transport = new FakeTransport();
    transport.start(
      recorder({
        [callback]: () => {
          throw boom;
        },
      }),
    );
    transport.receive('x');
    transport.receiveEnd();
    await transport.settle();
    expect(transport.closedWith).toEqual({ kind: 'protocol', error: boom });
  },
);

test('handTo gives the leftover and what is unread to the next protocol', async () => {
  const transport = new FakeTransport();
  const next = recorder();
  const first: Protocol = {
    dataReceived(data) {
      transport.pauseReading();
      transport.handTo(next, data.subarray(1));
    },
  };
  transport.start(first);
  transport.receive('1rest');
  transport.receive('more');
  transport.receiveEnd();
  await transport.settle();
  expect(next.seen).toEqual(['made', 'data rest', 'data more', 'ended']);
});

test('both ends ended means closed cleanly', async () => {
  const transport = new FakeTransport();
  const protocol = recorder();
  transport.start(protocol);
  transport.end();
  await transport.settle();
  expect(transport.closedWith).toBeUndefined();
  transport.receiveEnd();
  await transport.settle();
  expect(protocol.seen).toEqual(['made', 'ended', 'lost done']);
});
