import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { collect, echoTarget, get, post, type Served, served } from './served.ts';

const OK = { status: 200, fields: [] } as const;
const drain = ({ transport, reactor }: Served): void =>
  transport.requestDrain(reactor.clock.now() + 60_000);

test('a connection that has not said anything ends at once', () => {
  const connection = served();
  drain(connection);
  expect(connection.transport.wireState).toBe('ended');
});

test('a kept connection ends at once', () => {
  const connection = served(echoTarget);
  connection.transport.receive(get('/'));
  drain(connection);
  expect(connection.transport.wireState).toBe('ended');
});

test('a request whose head has begun is waited for, and its answer says goodbye', () => {
  const connection = served(echoTarget);
  const { transport, text } = connection;
  transport.receive(get('/').slice(0, 10));
  drain(connection);
  expect(transport.wireState).toBe('open');
  transport.receive(get('/').slice(10));
  expect(text()).toMatch(/connection: close\r\n[^]*\/$/);
  expect(transport.wireState).toBe('ended');
});

test('a head that never ends is cut as always', async () => {
  const connection = served(echoTarget);
  connection.transport.receive('GET');
  drain(connection);
  await connection.reactor.clock.elapse(15_000);
  expect(connection.text()).toMatch(/^HTTP\/1\.1 408 /);
});

test('an upload is read to its end, and its answer says goodbye', () => {
  const connection = served();
  const { transport, exchanges, text } = connection;
  transport.receive(post('/', 'hello').slice(0, -2));
  const got = collect(exchanges[0] as HttpExchange);
  drain(connection);
  transport.receive('lo');
  expect(got.ended).toBe(true);
  echoTarget(exchanges[0] as HttpExchange);
  expect(text()).toMatch(/connection: close\r\n/);
  expect(transport.wireState).toBe('ended');
});

test('an answer that is computed says goodbye', () => {
  const connection = served();
  connection.transport.receive(get('/'));
  drain(connection);
  expect(connection.transport.wireState).toBe('open');
  echoTarget(connection.exchanges[0] as HttpExchange);
  expect(connection.text()).toMatch(/connection: close\r\n/);
  expect(connection.transport.wireState).toBe('ended');
});

test('an answer that is streamed is finished, and its source told', async () => {
  const connection = served();
  const { transport, exchanges, text } = connection;
  transport.receive(get('/'));
  const [exchange] = exchanges as [HttpExchange];
  const body = exchange.stream(OK);
  let told = 0;
  exchange.onDrain?.(() => {
    told += 1;
  });
  exchange
    .onDrain?.(() => {
      told += 100;
    })
    [Symbol.dispose]();
  drain(connection);
  expect(told).toBe(1);
  exchange.onDrain?.(() => {
    told += 10;
  });
  expect(told).toBe(1);
  await transport.settle();
  expect(told).toBe(11);
  expect(transport.wireState).toBe('open');
  body.write(Buffer.from('rest'));
  body.end();
  expect(text()).toMatch(/rest\r\n0\r\n\r\n$/);
  expect(transport.wireState).toBe('ended');
});

test('what has come of a pipeline is answered, and only the last answer says goodbye', () => {
  const connection = served();
  const { transport, exchanges, text } = connection;
  transport.receive(get('/1') + get('/2') + get('/3'));
  drain(connection);
  for (let at = 0; at < 3; at++) {
    expect(text()).not.toContain('close');
    echoTarget(exchanges[at] as HttpExchange);
  }
  expect(text()).toMatch(/connection: close\r\n[^]*\/3$/);
  expect(transport.wireState).toBe('ended');
});

test('an answer that its peer takes slowly is not cut off by the end', async () => {
  const connection = served();
  const { transport, exchanges, reactor } = connection;
  transport.receive(get('/'));
  drain(connection);
  transport.stall();
  exchanges[0]?.respond(OK, Buffer.alloc(1_000_000));
  let taken = 0;
  for (let second = 0; second < 50; second++) {
    await reactor.clock.elapse(1_000);
    transport.drained();
    taken += transport.take().length;
    transport.stall();
  }
  transport.drained();
  await transport.settle();
  expect(taken).toBeGreaterThan(1_000_000);
  expect(transport.wireState).toBe('ended');
});

test('a body that nobody reads is not waited for once the answer has left', () => {
  const connection = served((exchange) => exchange.respond(OK));
  const { transport, text } = connection;
  transport.receive(post('/', 'hello').slice(0, -2));
  expect(text()).toMatch(/^HTTP\/1\.1 200 /);
  expect(transport.wireState).toBe('open');
  drain(connection);
  expect(transport.wireState).toBe('ended');
});

test.each(['before', 'while'] as const)(
  'what has come of a long pipeline is answered when the drain begins %s others have their turn',
  async (when) => {
    let stop = (): void => undefined;
    const connection = served((exchange) => {
      if (when === 'before' && exchange.target === '/63') stop();
      echoTarget(exchange);
    });
    const { transport, exchanges, text } = connection;
    stop = () => drain(connection);
    transport.receive(Array.from({ length: 200 }, (_, at) => get(`/${at}`)).join(''));
    expect(exchanges).toHaveLength(64);
    if (when === 'while') stop();
    await transport.settle();
    expect(exchanges).toHaveLength(200);
    expect(text()).toMatch(/connection: close\r\n[^]*\/199$/);
    expect(transport.wireState).toBe('ended');
  },
);
