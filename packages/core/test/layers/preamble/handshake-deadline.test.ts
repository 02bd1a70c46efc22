import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import {
  handshakeDeadline,
  handshakeDone,
  handshakeEnd,
} from '../../../src/layers/preamble/handshake-deadline.ts';
import { proxyProtocol } from '../../../src/layers/preamble/proxy-protocol/layer.ts';
import { transform } from '../../../src/layers/transform/transform.ts';
import { Arrivals, silent } from '../arrive.ts';

const timedOut = { kind: 'timeout', timer: 'handshake', afterMs: 5000 };

test('what has not reached its end in time is aborted', async () => {
  const server = new Arrivals(stack(handshakeDeadline(5000))(silent));
  const connection = server.arrive();
  await server.reactor.clock.elapse(4999);
  connection.receive('something');
  expect(connection.ending).toBe(false);
  await server.reactor.clock.elapse(1);
  expect(connection.closedWith).toEqual(timedOut);
  expect(server.reactor.clock.timers).toBe(0);
});

test('a connection that gets to the mark in the stack stays', async () => {
  const layers = [handshakeDeadline(5000), proxyProtocol({ trust: ['192.0.2.1'] }), handshakeEnd];
  const server = new Arrivals(stack(...layers)(silent));
  const connection = server.arrive();
  connection.receive('PROXY UNKNOWN\r\n');
  expect(server.reactor.clock.timers).toBe(0);
  await server.reactor.clock.elapse(60_000);
  expect(connection.ending).toBe(false);
});

test('it bounds the sum of steps that each have more time', async () => {
  const slow = proxyProtocol({ trust: ['192.0.2.1'], timeoutMs: 60_000 });
  const server = new Arrivals(stack(handshakeDeadline(5000), slow, slow, handshakeEnd)(silent));
  const connection = server.arrive();
  await server.reactor.clock.elapse(3000);
  connection.receive('PROXY UNKNOWN\r\n');
  await server.reactor.clock.elapse(2000);
  expect(connection.closedWith).toEqual(timedOut);
});

test('a protocol says itself that its login is over, from above other layers', async () => {
  const login = () => {
    let transport: Transport;
    return {
      connectionMade(given: Transport) {
        transport = given;
      },
      dataReceived: (data: Buffer) => {
        if (String(data) === 'secret') handshakeDone(transport);
      },
    };
  };
  const through = transform('through', () => ({}));
  const server = new Arrivals(stack(handshakeDeadline(5000), through)(login));
  const [good, bad] = [server.arrive(), server.arrive()];
  good.receive('secret');
  good.receive('secret');
  bad.receive('guess');
  await server.reactor.clock.elapse(5000);
  expect([good.closedWith, bad.closedWith]).toEqual([undefined, timedOut]);
});

test('without a deadline the mark does nothing, and of two both end', async () => {
  expect(new Arrivals(stack(handshakeEnd)(silent)).admits('192.0.2.1')).toEqual([true]);
  const two = [handshakeDeadline(1000), handshakeDeadline(5000), handshakeEnd];
  const server = new Arrivals(stack(...two)(silent));
  server.arrive();
  expect(server.reactor.clock.timers).toBe(0);
});

test('a refused connection leaves no timer', async () => {
  const server = new Arrivals(stack(handshakeDeadline(5000))(() => undefined));
  await server.arrive().settle();
  expect(server.reactor.clock.timers).toBe(0);
});

test('no time is a mistake', () => {
  expect(() => handshakeDeadline(0)).toThrow(RangeError);
});
