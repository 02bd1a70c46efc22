import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { collect, echoTarget, get, post, served } from './served.ts';

const OK = { status: 200, fields: [] } as const;

test('a first head that does not come ends the connection without a word', async () => {
  const { transport, reactor, text } = served();
  await reactor.clock.elapse(14_999);
  expect(transport.wireState).toBe('open');
  await reactor.clock.elapse(1);
  expect(transport.wireState).not.toBe('open');
  expect(text()).toBe('');
});

test('a first head has 15 seconds from the start of the connection, however it trickles', async () => {
  const { transport, reactor, text } = served(echoTarget);
  for (const octet of get('/').slice(0, 15)) {
    transport.receive(octet);
    await reactor.clock.elapse(999);
  }
  expect(transport.wireState).toBe('open');
  await reactor.clock.elapse(15);
  expect(text()).toMatch(/^HTTP\/1\.1 408 [^]*Connection: close/);
  expect(transport.wireState).not.toBe('open');
});

test('a later head has 15 seconds from its first byte', async () => {
  const { transport, reactor, text } = served(echoTarget);
  transport.receive(get('/'));
  await reactor.clock.elapse(4_000);
  transport.receive('G');
  text();
  await reactor.clock.elapse(14_999);
  expect(text()).toBe('');
  await reactor.clock.elapse(1);
  expect(text()).toMatch(/^HTTP\/1\.1 408 /);
});

test('a kept connection is closed after five idle seconds, which begin anew with each request', async () => {
  const { transport, reactor } = served(echoTarget);
  for (let at = 0; at < 5; at++) {
    transport.receive(get('/'));
    await reactor.clock.elapse(4_999);
    expect(transport.wireState).toBe('open');
  }
  await reactor.clock.elapse(1);
  expect(transport.wireState).not.toBe('open');
});

test('a handler may take its time', async () => {
  const { transport, reactor, exchanges, text } = served();
  transport.receive(get('/'));
  await reactor.clock.elapse(3_600_000);
  echoTarget(exchanges[0] as HttpExchange);
  expect(text()).toMatch(/^HTTP\/1\.1 200 /);
});

test('a body has 300 seconds, however steadily it comes', async () => {
  const { transport, reactor, exchanges } = served();
  transport.receive(post('/', '').replace('Length: 0', 'Length: 1000000'));
  const got = collect(exchanges[0] as HttpExchange);
  for (let at = 0; at < 299; at++) {
    transport.receive('x'.repeat(1_000));
    await reactor.clock.elapse(1_000);
  }
  expect(got.failed).toBeUndefined();
  await reactor.clock.elapse(1_000);
  expect(got.failed).toMatchObject({ code: 'HAWSER_HTTP_REQUEST_TIMEOUT' });
});

test('a body must come at 240 bytes a second after ten seconds', async () => {
  const { transport, reactor, exchanges } = served();
  transport.receive(post('/', '').replace('Length: 0', 'Length: 1000000'));
  const got = collect(exchanges[0] as HttpExchange);
  let seconds = 0;
  for (; !got.failed && seconds < 100; seconds++) {
    transport.receive('x'.repeat(100));
    await reactor.clock.elapse(1_000);
  }
  expect(got.failed).toMatchObject({ code: 'HAWSER_HTTP_REQUEST_TIMEOUT' });
  // 10 s, and 1/240 s for each of the 1,700 bytes that have come by then.
  expect(seconds).toBe(18);
});

test('a body that comes slowly enough is let through', async () => {
  const { transport, reactor, exchanges } = served();
  transport.receive(post('/', '').replace('Length: 0', 'Length: 50000'));
  const got = collect(exchanges[0] as HttpExchange);
  for (let at = 0; at < 200; at++) {
    transport.receive('x'.repeat(250));
    await reactor.clock.elapse(1_000);
  }
  expect(got).toMatchObject({ ended: true, failed: undefined });
});

test('the rate does not count while nobody wants the body', async () => {
  const { transport, reactor, exchanges } = served();
  transport.receive(post('/', '').replace('Length: 0', 'Length: 1000'));
  await reactor.clock.elapse(100_000);
  const [exchange] = exchanges as [HttpExchange];
  const got = collect(exchange);
  exchange.body.pause();
  await reactor.clock.elapse(100_000);
  exchange.body.resume();
  await reactor.clock.elapse(9_999);
  expect(got.failed).toBeUndefined();
  await reactor.clock.elapse(1);
  expect(got.failed).toMatchObject({ code: 'HAWSER_HTTP_REQUEST_TIMEOUT' });
});

test('after a body that was too slow the answer is the last', async () => {
  const { transport, reactor, exchanges, text } = served();
  transport.receive(post('/', 'a').replace('Length: 1', 'Length: 1000'));
  const [exchange] = exchanges as [HttpExchange];
  collect(exchange);
  await reactor.clock.elapse(20_000);
  exchange.respond({ status: 408, fields: [] });
  await transport.settle();
  expect(text()).toMatch(/^HTTP\/1\.1 408 [^]*connection: close/);
  expect(transport.wireState).not.toBe('open');
});

test('a body that nobody wants and that does not come ends the connection after the answer', async () => {
  const { transport, reactor, text } = served(echoTarget);
  transport.receive(post('/', 'a').replace('Length: 1', 'Length: 1000'));
  expect(text()).toMatch(/^HTTP\/1\.1 200 /);
  await reactor.clock.elapse(9_000);
  expect(transport.wireState).toBe('open');
  await reactor.clock.elapse(2_000);
  expect(transport.wireState).not.toBe('open');
  expect(text()).toBe('');
});

test('an exchange over its time is answered with 503, and what its responder says later is dropped', async () => {
  const { transport, reactor, exchanges, text, reports } = served(undefined, {
    maxExchangeMs: 20_000,
  });
  transport.receive(get('/'));
  const [exchange] = exchanges as [HttpExchange];
  const reasons: Error[] = [];
  exchange.onGone((reason) => reasons.push(reason));
  const { signal } = exchange;
  await reactor.clock.elapse(19_999);
  expect(exchange.gone).toBe(false);
  await reactor.clock.elapse(1);
  expect(text()).toMatch(/^HTTP\/1\.1 503 [^]*Connection: close/);
  expect(exchange.gone).toBe(true);
  expect(signal.aborted).toBe(true);
  expect(reasons).toMatchObject([{ code: 'HAWSER_TIMEOUT' }]);
  exchange.respond(OK, 'late');
  await exchange.done;
  expect(text()).toBe('');
  expect(reports.problems).toEqual([]);
});

test('an answer that has begun is cut off when its exchange is over its time', async () => {
  const { transport, reactor } = served((exchange) => void exchange.stream(OK), {
    maxExchangeMs: 20_000,
  });
  transport.receive(get('/'));
  await reactor.clock.elapse(20_000);
  expect(transport.closedWith).toEqual({ kind: 'timeout', timer: 'lifetime', afterMs: 20_000 });
});

test('a small answer that is not taken does not count as idle, and ends the connection in time', async () => {
  const { transport, reactor } = served(echoTarget);
  transport.receive(get('/'));
  await transport.settle();
  transport.stall();
  transport.receive(get('/'));
  await reactor.clock.elapse(30_000);
  expect(transport.wireState).toBe('open');
  await reactor.clock.elapse(70_000);
  expect(transport.closedWith).toEqual({ kind: 'timeout', timer: 'write', afterMs: 60_000 });
});

test('one timer serves a connection, and none is left of one that is gone', async () => {
  const { transport, reactor, exchanges } = served();
  expect(reactor.clock.timers).toBe(1);
  for (let at = 0; at < 100; at++) {
    transport.receive(post('/', 'hello'));
    collect(exchanges[at] as HttpExchange);
    echoTarget(exchanges[at] as HttpExchange);
    await transport.settle();
    expect(reactor.clock.timers).toBe(1);
  }
  transport.lose();
  expect(reactor.clock.timers).toBe(0);
});

test('a limit that is no number above 0 is refused', () => {
  expect(() => served(undefined, { headTimeoutMs: 0 })).toThrow(RangeError);
  // As JavaScript may give it, from the environment.
  expect(() => served(undefined, { headTimeoutMs: '5000' as unknown as number })).toThrow(
    RangeError,
  );
  expect(() => served(undefined, { minBodyRate: Number.NaN })).toThrow(RangeError);
});

test.each<[string, (exchange: HttpExchange) => void]>([
  ['at once', (exchange) => exchange.respond(OK)],
  ['by a stream', (exchange) => exchange.stream(OK).end()],
  [
    'while its reader rests',
    (exchange) => {
      collect(exchange);
      exchange.body.pause();
      exchange.respond(OK);
    },
  ],
])('what is left of a body must come at its rate after an answer %s', async (_how, answer) => {
  const { transport, reactor, exchanges } = served();
  transport.receive(post('/', '').replace('Length: 0', 'Length: 60000'));
  await transport.settle();
  answer(exchanges[0] as HttpExchange);
  let seconds = 0;
  for (; transport.wireState === 'open' && seconds < 400; seconds++) {
    transport.receive('x');
    await reactor.clock.elapse(1_000);
  }
  expect(seconds).toBe(11);
});

test('a reader that answers when its exchange is over its time is not heard', async () => {
  const { transport, reactor, text } = served(
    (exchange) =>
      exchange.body.consume({
        data() {},
        end() {},
        failed: () => exchange.respond(OK, 'late'),
      }),
    { maxExchangeMs: 1_000 },
  );
  transport.receive(post('/', '').replace('Length: 0', 'Length: 10'));
  await reactor.clock.elapse(1_000);
  expect(text().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 503']);
  expect(transport.wireState).not.toBe('open');
});

test('an answer that was given in time is not cut off by the body that nobody reads', async () => {
  const { transport, reactor, text } = served(echoTarget, { maxExchangeMs: 5_000 });
  transport.receive(post('/', '').replace('Length: 0', 'Length: 1000'));
  await reactor.clock.elapse(5_000);
  expect(text()).toMatch(/^HTTP\/1\.1 200 [^]*\/$/);
  expect(transport.wireState).toBe('ended');
});
