import { expect, test } from 'vitest';
import type { WireEvents } from '../../src/connection/wire.ts';
import { WireTransport } from '../../src/connection/wire-transport.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

// What a wire may do that neither a pipe nor a socket can be made to do at will.

function setUp() {
  const reactor = createTestReactor();
  const { server: wire } = createPipe(reactor);
  let events: WireEvents | undefined;
  const open = wire.open.bind(wire);
  wire.open = (given) => {
    events = given;
    open(given);
  };
  const transport = new WireTransport(reactor, wire, { id: 1, side: 'server' });
  const heard: string[] = [];
  transport.start({
    dataReceived: (data) => heard.push(data.toString('latin1')),
    readEnded: () => heard.push('end'),
    writeDrained: () => heard.push('drained'),
    connectionLost: ({ kind }) => heard.push(kind),
  });
  if (!events) throw new TypeError('the wire was not opened');
  return { reactor, transport, heard, events };
}

test('a chunk and an end that a wire still held when it was paused wait for resume', async () => {
  const { reactor, transport, heard, events } = setUp();
  transport.pauseReading();
  events.wireData(Buffer.from('late'));
  events.wireData(Buffer.from('later'));
  events.wireEnded();
  expect(heard).toEqual([]);
  transport.resumeReading();
  expect(heard).toEqual([]);
  await reactor.clock.settle();
  expect(heard).toEqual(['late', 'later', 'end']);
});

test('a wire that closes twice is lost once', () => {
  const { heard, events } = setUp();
  events.wireClosed();
  events.wireClosed(new Error('again'));
  events.wireData(Buffer.from('after'));
  events.wireEnded();
  expect(heard).toEqual(['done']);
});

test('a drain that nobody waits for is not told', () => {
  const { heard, events } = setUp();
  events.wireDrained();
  events.wireFinished();
  expect(heard).toEqual([]);
});

test('a wire that says drained too early is not believed', async () => {
  const { reactor, transport, heard, events } = setUp();
  expect(transport.write(Buffer.alloc(100_000))).toBe(false);
  events.wireDrained();
  await reactor.clock.settle();
  expect(transport.pendingBytes).toBe(100_000);
  expect(heard).toEqual([]);
});

test('a connection whose fault cannot even be reported is aborted all the same', async () => {
  const reactor = createTestReactor();
  reactor.reports.problem = () => {
    throw new Error('a mistake in the reporter');
  };
  const transport = new FakeTransport({ reactor });
  const heard: string[] = [];
  transport.start({
    dataReceived() {
      throw new Error('a mistake');
    },
    connectionLost: ({ kind }) => heard.push(kind),
  });
  expect(() => transport.receive('x')).toThrow('a mistake in the reporter');
  await transport.settle();
  expect(heard).toEqual(['protocol']);
});

test('a protocol that has closed is not asked to finish', async () => {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  let asked = 0;
  transport.start({
    dataReceived() {},
    drainRequested() {
      asked += 1;
    },
  });
  transport.requestDrain(1000);
  transport.close();
  transport.requestDrain(1000);
  await transport.settle();
  expect(asked).toBe(1);
});

test('a goodbye after the own end is dropped without a report; a later write is not', async () => {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.start({
    dataReceived() {},
    drainRequested: () => void transport.write(Buffer.from('goodbye')),
  });
  transport.end();
  transport.requestDrain(1000);
  await transport.settle();
  expect(transport.takeText()).toBe('');
  expect(reactor.reports.problems).toEqual([]);
  transport.write(Buffer.from('a mistake'));
  expect(reactor.reports.problems).toMatchObject([{ error: { code: 'HAWSER_WRITE_AFTER_END' } }]);
});
