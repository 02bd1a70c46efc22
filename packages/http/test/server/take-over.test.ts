import { type Factory, type Transport, UsageError } from '@hawser/core';
import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { echoTarget, get, served } from './served.ts';

const UPGRADE = get('/chat', 'Connection: Upgrade', 'Upgrade: chat');
const CONNECT = 'CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n';
const SWITCH = { status: 101, fields: ['upgrade', 'chat'] } as const;

/** Answers every chunk with itself in angle brackets, and keeps what it is told. */
function chat(heard: string[] = []): Factory {
  return {
    name: 'chat',
    buildProtocol: () => {
      let transport: Transport | undefined;
      return {
        connectionMade(made) {
          transport = made;
          heard.push('made');
        },
        dataReceived: (data) => void transport?.write(Buffer.from(`<${data.toString()}>`)),
        readEnded: () => void heard.push('ended'),
        drainRequested: () => void heard.push('drain'),
        connectionLost: () => void heard.push('lost'),
      };
    },
  };
}

test.each([
  ['at once', (take: () => void) => take()],
  ['later', (take: () => void) => void Promise.resolve().then(take)],
])('an upgrade %s gets the connection with the bytes that came along', async (_when, when) => {
  const { transport, text, reactor } = served((exchange) => {
    expect(exchange.upgrade).toBe('chat');
    when(() => exchange.takeOver(chat(), SWITCH));
  });
  transport.receive(`${UPGRADE}early`);
  await transport.settle();
  expect(text()).toMatch(
    /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*upgrade: chat\r\n[^]*connection: Upgrade\r\n\r\n<early>$/,
  );
  transport.receive('more');
  expect(text()).toBe('<more>');
  // None of the deadlines of HTTP is left.
  expect(reactor.clock.timers).toBe(0);
  await reactor.clock.elapse(1_000_000);
  expect(transport.wireState).toBe('open');
});

test('bytes that came while the upgrade was decided on reach the next protocol, and the end', async () => {
  const heard: string[] = [];
  const { transport, exchanges, text } = served();
  transport.receive(`${UPGRADE}one.`);
  transport.receive('two.');
  transport.receive('three.');
  transport.receiveEnd();
  exchanges[0]?.takeOver(chat(heard), SWITCH);
  await transport.settle();
  expect(text().replaceAll('><', '')).toMatch(/\r\n\r\n<one\.two\.three\.>$/);
  expect(heard).toEqual(['made', 'ended']);
});

test('CONNECT becomes a tunnel', async () => {
  const { transport, text } = served((exchange) => {
    expect(exchange).toMatchObject({ method: 'CONNECT', target: 'b.test:443' });
    exchange.takeOver(chat(), { status: 200, fields: [] });
  });
  transport.receive(`${CONNECT}hello`);
  await transport.settle();
  const answer = text();
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n<hello>$/);
  // RFC 9110 §9.3.6.
  expect(answer).not.toMatch(/content-length|transfer-encoding|connection:/i);
});

test('without a head the next protocol answers the request itself', async () => {
  const { transport, text } = served((exchange) => exchange.takeOver(chat()));
  transport.receive(UPGRADE);
  transport.receive('hello');
  await transport.settle();
  expect(text()).toBe('<hello>');
});

test('answers that are owed leave before the switch', async () => {
  const { transport, text } = served((exchange) => {
    if (exchange.upgrade) exchange.takeOver(chat(), SWITCH);
    else echoTarget(exchange);
  });
  transport.receive(`${get('/1')}${UPGRADE}early`);
  await transport.settle();
  expect(text()).toMatch(/^HTTP\/1\.1 200 [^]*\/1HTTP\/1\.1 101 [^]*<early>$/);
});

test.each([
  ['a request that asked for nothing', get('/')],
  ['a request that names a protocol without Connection', get('/', 'Upgrade: chat')],
  [
    'an upgrade with a body',
    get('/', 'Connection: Upgrade', 'Upgrade: chat', 'Content-Length: 5').replace('GET', 'POST'),
  ],
  ['HTTP/1.0', UPGRADE.replace('1.1', '1.0')],
])('%s is not handed over', (_what, request) => {
  const { transport, exchanges, text } = served();
  transport.receive(request);
  const [exchange] = exchanges as [HttpExchange];
  expect(() => exchange.takeOver(chat(), SWITCH)).toThrow(
    expect.objectContaining({ code: 'HAWSER_NOT_AVAILABLE' }),
  );
  // It can be answered still.
  echoTarget(exchange);
  expect(text()).toMatch(/^HTTP\/1\.1 200 /);
});

test('a wish for another protocol may be ignored', () => {
  const { transport, exchanges } = served(echoTarget);
  transport.receive(UPGRADE + get('/next'));
  expect(exchanges).toHaveLength(2);
});

test('a factory that refuses or throws resets the connection', async () => {
  for (const buildProtocol of [
    () => undefined,
    () => {
      throw new Error('broken');
    },
  ]) {
    const { transport } = served((exchange) => exchange.takeOver({ name: 'no', buildProtocol }));
    transport.receive(UPGRADE);
    await transport.settle();
    expect(transport.wireState).toBe('reset');
  }
});

test('who took the connection hears of a drain, and nobody takes one during it', async () => {
  const heard: string[] = [];
  const early = served((exchange) => exchange.takeOver(chat(heard), SWITCH));
  early.transport.receive(UPGRADE);
  early.transport.requestDrain(60_000);
  expect(heard).toEqual(['made', 'drain']);

  const late = served();
  late.transport.receive(UPGRADE);
  late.transport.requestDrain(60_000);
  late.exchanges[0]?.takeOver(chat(heard), SWITCH);
  await late.transport.settle();
  expect(late.text()).toMatch(/^HTTP\/1\.1 503 [^]*Connection: close/);
  expect(late.transport.wireState).not.toBe('open');
  expect(heard).toEqual(['made', 'drain']);
});

test('the switch of a peer that has left does nothing', async () => {
  const heard: string[] = [];
  const { transport, exchanges, reports } = served();
  transport.receive(UPGRADE);
  transport.lose(new Error('reset'));
  exchanges[0]?.takeOver(chat(heard), SWITCH);
  await exchanges[0]?.done;
  expect(heard).toEqual([]);
  expect(reports.problems).toEqual([]);
});

test('a refusal of CONNECT is the last answer: the peer takes what follows for its tunnel', async () => {
  const { transport, text } = served((exchange) => exchange.respond({ status: 405, fields: [] }));
  transport.receive(`${CONNECT}tunnelled`);
  await transport.settle();
  expect(text()).toMatch(/^HTTP\/1\.1 405 [^]*connection: close\r\n\r\n$/);
  expect(transport.wireState).not.toBe('open');
});

test.each<[string, (exchange: HttpExchange) => void]>([
  ['respond', (exchange) => exchange.respond({ status: 200, fields: [] }, 'page')],
  ['stream', (exchange) => void exchange.stream({ status: 299, fields: [] })],
])(
  '2xx to CONNECT by %s is a mistake: the peer would take what follows for its tunnel',
  async (_how, answer) => {
    const { transport, text, reports } = served(answer);
    transport.receive(`${CONNECT}tunnelled`);
    await transport.settle();
    expect(text()).toMatch(/^HTTP\/1\.1 500 [^]*connection: close/);
    expect(reports.problems).toMatchObject([{ error: { code: 'HAWSER_NOT_AVAILABLE' } }]);
    expect(transport.wireState).not.toBe('open');
  },
);

test('a mistaken 2xx to CONNECT leaves the exchange open for another answer', () => {
  const { transport, exchanges, text } = served();
  transport.receive(CONNECT);
  const [exchange] = exchanges as [HttpExchange];
  expect(() => exchange.respond({ status: 200, fields: [] })).toThrow(UsageError);
  exchange.respond({ status: 403, fields: [] });
  expect(text()).toMatch(/^HTTP\/1\.1 403 /);
});
