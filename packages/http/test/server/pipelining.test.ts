import { createTestReactor, FakeTransport } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { http1 } from '../../src/index.ts';
import { echoTarget, get, post, served } from './served.ts';

const bodies = (text: string): string[] =>
  [...text.matchAll(/\r\n\r\n(\/\d+)/g)].map(([, body]) => body ?? '');
const targets = Array.from({ length: 16 }, (_, at) => `/${at}`);
const pipeline = targets.map((target) => get(target)).join('');

test('the answers to a pipeline leave in one write, in order', () => {
  const { transport, text } = served(echoTarget);
  transport.receive(pipeline);
  expect(transport.writes).toHaveLength(1);
  expect(bodies(text())).toEqual(targets);
});

test('the head and a small body leave in one piece', () => {
  const { transport } = served((exchange) =>
    exchange.respond({ status: 200, fields: [] }, new Uint8Array(100)),
  );
  transport.receive(get('/'));
  expect(transport.writes).toHaveLength(1);
});

test('a chunk of a streamed answer and what frames it leave in one write', async () => {
  const { transport, exchanges } = served();
  transport.receive(get('/'));
  const body = exchanges[0]?.stream({ status: 200, fields: [] });
  body?.write(new Uint8Array(5_000));
  expect(transport.writes).toHaveLength(1);
  await transport.settle();
  body?.write(new Uint8Array(5_000));
  expect(transport.writes).toHaveLength(2);
});

test('answers that are given in microtasks leave together as well', async () => {
  const { transport, text } = served((exchange) => {
    void Promise.resolve().then(() => echoTarget(exchange));
  });
  transport.receive(pipeline);
  await transport.settle();
  expect(transport.writes).toHaveLength(1);
  expect(bodies(text())).toEqual(targets);
});

test('a request is not looked at before the one in front of it is answered', async () => {
  const { transport, exchanges, text } = served();
  transport.receive(get('/1') + get('/2'));
  transport.receive(get('/3'));
  expect(exchanges.map(({ target }) => target)).toEqual(['/1']);
  for (const target of ['/1', '/2', '/3']) {
    expect(exchanges.at(-1)?.target).toBe(target);
    echoTarget(exchanges.at(-1) as HttpExchange);
    await transport.settle();
    expect(bodies(text())).toEqual([target]);
  }
});

test('while the peer does not take answers, no more requests are answered', async () => {
  const { transport, exchanges } = served(
    (exchange) => exchange.respond({ status: 200, fields: [] }, 'x'.repeat(1_000)),
    { highWaterMark: 4_096 },
  );
  transport.stall();
  transport.receive(get('/').repeat(500));
  await transport.settle();
  const before = exchanges.length;
  expect(before).toBeLessThan(50);
  transport.drained();
  await transport.settle();
  expect(exchanges.length).toBe(500);
});

test.each([
  ['small ones in many pieces', get('/'), 65],
  ['large ones', `${get('/', `x: ${'x'.repeat(14_000)}`)}`, 6],
])(
  'requests without end are kept up to a limit, and then stay with their peer: %s',
  async (_what, request, most) => {
    const { transport, exchanges } = served();
    for (let at = 0; at < 1_000; at++) {
      transport.receive(request);
      await Promise.resolve();
    }
    expect(exchanges).toHaveLength(1);
    expect(transport.reading).toBe(false);
    expect(transport.bytesRead).toBeLessThanOrEqual(most * request.length);
    for (let at = 0; at < 1_000; at++) {
      echoTarget(exchanges[at] as HttpExchange);
      await transport.settle();
    }
    expect(exchanges).toHaveLength(1_000);
    expect(transport.reading).toBe(true);
  },
);

test('a pipeline gives way to others now and then', async () => {
  const { transport, exchanges, text, reactor } = served(echoTarget);
  transport.receive(get('/').repeat(1_000));
  const first = exchanges.length;
  expect(first).toBeLessThanOrEqual(64);
  let between = 0;
  reactor.clock.callSoon(() => {
    between = exchanges.length;
  });
  await transport.settle();
  expect(between).toBeLessThanOrEqual(2 * first);
  expect(exchanges).toHaveLength(1_000);
  expect(text().match(/HTTP\/1\.1 200/g)).toHaveLength(1_000);
});

test('a peer that asks once is answered in the midst of those that pipeline without end', async () => {
  const reactor = createTestReactor();
  /** Who was answered, in order. */
  const answered: number[] = [];
  const factory = http1((exchange) => {
    answered.push(exchange.transport.id);
    echoTarget(exchange);
  });
  const peers = [1, 2, 3, 4].map((id) => new FakeTransport({ reactor, id }));
  for (const peer of peers) peer.adopt(factory);
  for (const peer of peers) peer.receive(get('/').repeat(peer.id === 4 ? 1 : 1_500));
  await reactor.clock.settle();
  expect(answered).toHaveLength(4_501);
  expect(answered.indexOf(4)).toBeLessThanOrEqual(3 * 64);
  // Nobody has more than its turn while others wait.
  const runs = answered.join(' ').match(/\b(\d+)(?: \1\b)*/g) ?? [];
  expect(Math.max(...runs.map((run) => run.split(' ').length))).toBeLessThanOrEqual(64);
});

test('the last request of a connection is answered with a goodbye', async () => {
  const { transport, exchanges, text } = served(echoTarget, { maxRequestsPerConnection: 3 });
  transport.receive(pipeline);
  await transport.settle();
  expect(exchanges).toHaveLength(3);
  expect(text().match(/connection: close/g)).toHaveLength(1);
  expect(transport.wireState).not.toBe('open');
});

test('a request with a body waits for its turn, and so does what follows it', async () => {
  const { transport, exchanges, text } = served();
  transport.receive(get('/1') + post('/2', 'body') + get('/3'));
  echoTarget(exchanges[0] as HttpExchange);
  expect(exchanges).toHaveLength(2);
  // Nobody reads it: it is thrown away.
  echoTarget(exchanges[1] as HttpExchange);
  expect(exchanges).toHaveLength(3);
  echoTarget(exchanges[2] as HttpExchange);
  await transport.settle();
  expect(bodies(text())).toEqual(['/1', '/2', '/3']);
});

test('thousands of requests in one read are answered without a deep stack', async () => {
  const { transport, exchanges, reports } = served(echoTarget);
  transport.receive(get('/').repeat(20_000));
  for (let turn = 0; exchanges.length < 20_000 && turn < 1_000; turn++) await transport.settle();
  expect(exchanges).toHaveLength(20_000);
  expect(reports.problems).toEqual([]);
});
