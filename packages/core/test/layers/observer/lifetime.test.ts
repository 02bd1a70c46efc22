import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import { type LifetimeOptions, lifetime } from '../../../src/layers/observer/lifetime.ts';
import { sniff } from '../../../src/layers/preamble/sniff.ts';
import { Arrivals, silent } from '../arrive.ts';

/** Says goodbye when asked, and then waits for the peer. */
function polite() {
  let transport: Transport;
  return {
    connectionMade(given: Transport) {
      transport = given;
    },
    dataReceived: (data: Buffer) => {
      if (String(data) === 'bye') transport.close();
    },
    readEnded() {},
    drainRequested(deadline: number) {
      transport.write(Buffer.from(`bye before ${deadline}`));
    },
  };
}

test('the protocol is asked to finish when the time is over, and aborted when it does not', async () => {
  const layer = lifetime(60_000, { jitter: 0, graceMs: 5000 });
  const server = new Arrivals(stack(layer)(polite));
  const connection = server.arrive();
  const { clock } = server.reactor;
  await clock.elapse(59_999);
  expect(connection.takeText()).toBe('');
  await clock.elapse(1);
  expect(connection.takeText()).toBe('bye before 65000');
  await clock.elapse(5000);
  expect(connection.closedWith).toEqual({ kind: 'timeout', timer: 'lifetime', afterMs: 65_000 });
  expect(clock.timers).toBe(0);
});

test('one that finishes in time ends cleanly', async () => {
  const server = new Arrivals(stack(lifetime(1000, { jitter: 0 }))(polite));
  const connection = server.arrive();
  await server.reactor.clock.elapse(1000);
  connection.receive('bye');
  connection.receiveEnd();
  await server.reactor.clock.elapse(60_000);
  expect(connection.closedWith).toEqual({ kind: 'done' });
  expect(server.reactor.clock.timers).toBe(0);
});

test('a protocol that knows no goodbye is closed', async () => {
  const server = new Arrivals(stack(lifetime(1000, { jitter: 0 }))(silent));
  const connection = server.arrive();
  await server.reactor.clock.elapse(1000);
  expect(connection.wireState).toBe('ended');
});

test('it asks whoever is the protocol then, after a hand-over too', async () => {
  const match = { maxBytes: 1, test: () => 'yes' as const };
  const app = sniff({ polite: { match, to: polite } });
  const server = new Arrivals(stack(lifetime(1000, { jitter: 0, graceMs: 500 }))(app));
  const connection = server.arrive();
  connection.receive('x');
  await server.reactor.clock.elapse(1000);
  expect(connection.takeText()).toBe('bye before 1500');
});

test('traffic does not lengthen it, and jitter shortens it by at most its part', async () => {
  const server = new Arrivals(stack(lifetime(1000, { jitter: 0.5 }))(silent));
  const connections = Array.from({ length: 20 }, () => server.arrive());
  const ended = (): number => connections.filter(({ ending }) => ending).length;
  await server.reactor.clock.elapse(499);
  for (const each of connections) each.receive('x');
  expect(ended()).toBe(0);
  await server.reactor.clock.elapse(250);
  expect(ended()).toBeGreaterThan(0);
  expect(ended()).toBeLessThan(20);
  await server.reactor.clock.elapse(251);
  expect(ended()).toBe(20);
});

test('a connection that ends before leaves no timer, nor one that is refused', async () => {
  const server = new Arrivals(stack(lifetime(1000))(silent));
  const connection = server.arrive();
  connection.abort();
  await new Arrivals(stack(lifetime(1000))(() => undefined)).arrive().settle();
  await connection.settle();
  expect(server.reactor.clock.timers).toBe(0);
});

test.each<[number, LifetimeOptions]>([
  [0, {}],
  [1, { jitter: 1.1 }],
  [1, { jitter: -1 }],
  [1, { graceMs: -1 }],
])('%d with %o is a mistake', (ms, options) => {
  expect(() => lifetime(ms, options)).toThrow(RangeError);
});
