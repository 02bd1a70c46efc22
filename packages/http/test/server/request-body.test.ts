import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { echoBody } from '../echo-body.ts';
import { collect, echoTarget, get, post, served } from './served.ts';

const OK = { status: 200, fields: [] } as const;
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const EXPECT = post('/', '', 'Expect: 100-continue').replace('Length: 0', 'Length: 5');

test('a small body that came with its head is delivered at once', () => {
  const { transport, exchanges } = served((exchange) => {
    const got = collect(exchange);
    expect(got.text).toBe('');
  });
  transport.receive(post('/', 'hello'));
  expect(exchanges[0]?.body).toMatchObject({ length: 5, received: true, used: true });
});

test('bodies are given on without a copy', () => {
  const chunks: Buffer[] = [];
  const { transport } = served(({ body }) =>
    body.consume({ data: (chunk) => void chunks.push(chunk), end() {}, failed() {} }),
  );
  transport.receive(post('/', '').replace('Length: 0', 'Length: 100000'));
  transport.receive('x'.repeat(60_000));
  transport.receive('y'.repeat(40_000));
  expect(chunks.map(({ length }) => length)).toEqual([60_000, 40_000]);
});

test('a body that nobody wants is not read from the peer', () => {
  const { transport, exchanges } = served();
  transport.receive(post('/', '').replace('Length: 0', 'Length: 10000000'));
  for (let at = 0; at < 100; at++) transport.receive('x'.repeat(65_536));
  expect(transport.reading).toBe(false);
  expect(transport.bytesRead).toBeLessThan(2 * 65_536);
  const got = collect(exchanges[0] as HttpExchange);
  expect(got.text.length).toBeGreaterThan(0);
  expect(transport.reading).toBe(true);
});

test('a reader that pauses stops the peer, and gets everything once it resumes', async () => {
  const { transport, exchanges } = served();
  transport.receive(post('/', '').replace('Length: 0', 'Length: 1000000'));
  const [exchange] = exchanges as [HttpExchange];
  let bytes = 0;
  let ended = false;
  exchange.body.consume({
    data(chunk) {
      bytes += chunk.length;
      exchange.body.pause();
    },
    end: () => {
      ended = true;
    },
    failed() {},
  });
  for (let at = 0; at < 10; at++) transport.receive('x'.repeat(100_000));
  expect(bytes).toBe(100_000);
  expect(transport.reading).toBe(false);
  for (let at = 0; at < 20 && !ended; at++) {
    exchange.body.resume();
    await transport.settle();
  }
  expect(bytes).toBe(1_000_000);
  expect(ended).toBe(true);
});

test('a reader that resumes while it is told gets on at once', () => {
  const { transport, exchanges } = served();
  transport.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const { body } = exchanges[0] as HttpExchange;
  const got: string[] = [];
  body.consume({
    data(chunk) {
      got.push(chunk.toString());
      body.pause();
      body.resume();
    },
    end: () => void got.push('end'),
    failed() {},
  });
  transport.receive('1\r\na\r\n1\r\nb\r\n0\r\n\r\n');
  expect(got).toEqual(['a', 'b', 'end']);
});

test('100 is sent when the body is consumed', () => {
  const { transport, exchanges, text } = served();
  transport.receive(EXPECT);
  expect(text()).toBe('');
  const got = collect(exchanges[0] as HttpExchange);
  return transport.settle().then(() => {
    expect(text()).toBe(CONTINUE);
    transport.receive('hello');
    expect(got.ended).toBe(true);
    echoTarget(exchanges[0] as HttpExchange);
    expect(text()).toMatch(/^HTTP\/1\.1 200 /);
    expect(transport.wireState).toBe('open');
  });
});

test('100 is sent at once to a handler that reads at once', () => {
  const { transport, text } = served((exchange) => void collect(exchange));
  transport.receive(EXPECT);
  return transport.settle().then(() => expect(text()).toBe(CONTINUE));
});

test('an answer without 100 is the last: the body may or may not follow', async () => {
  const { transport, exchanges, text } = served();
  transport.receive(EXPECT);
  exchanges[0]?.respond({ status: 403, fields: [] }, 'no');
  await transport.settle();
  expect(text()).toMatch(/^HTTP\/1\.1 403 [^]*connection: close\r\n\r\nno$/);
  expect(transport.wireState).not.toBe('open');
});

test('100 is never sent after the head of the answer', async () => {
  const { transport, exchanges, text } = served();
  transport.receive(EXPECT);
  const [exchange] = exchanges as [HttpExchange];
  const body = exchange.stream(OK);
  const got = collect(exchange);
  body.end();
  await transport.settle();
  expect(text()).not.toContain('100 Continue');
  expect(got.failed).toMatchObject({ code: 'HAWSER_CLOSED' });
});

test('HTTP/1.0 gets no 100', async () => {
  const { transport, exchanges, text } = served();
  transport.receive(EXPECT.replace('1.1', '1.0'));
  collect(exchanges[0] as HttpExchange);
  await transport.settle();
  expect(text()).toBe('');
});

test('what is left of a short body is thrown away, and the connection goes on', () => {
  const { transport, exchanges, text } = served(echoTarget);
  transport.receive(post('/1', '').replace('Length: 0', 'Length: 65536'));
  transport.receive('x'.repeat(65_536) + get('/2'));
  expect(exchanges).toHaveLength(2);
  expect(text()).toMatch(/\/1HTTP[^]*\/2$/);
});

test('what is left of a long one ends the connection with the answer', async () => {
  const { transport, text } = served(echoTarget);
  transport.receive(post('/', '').replace('Length: 0', 'Length: 65537'));
  await transport.settle();
  expect(text()).toMatch(/connection: close\r\n\r\n\/$/);
  expect(transport.wireState).not.toBe('open');
});

test('a reader that is given up in the middle leaves at most 64 KiB to throw away', async () => {
  const { transport, exchanges, text } = served();
  transport.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const [exchange] = exchanges as [HttpExchange];
  const got = collect(exchange);
  transport.receive('5\r\nhello\r\n');
  // It may yet come to an end, so the answer does not say goodbye.
  exchange.respond(OK, 'early');
  expect(got.failed).toMatchObject({ code: 'HAWSER_CLOSED' });
  expect(text()).not.toContain('close');
  transport.receive(`11170\r\n${'x'.repeat(70_000)}\r\n`);
  await transport.settle();
  expect(transport.wireState).not.toBe('open');
});

test('a discarded body is thrown away, and its reader is told', () => {
  const { transport, exchanges } = served();
  transport.receive(post('/', 'hello') + get('/next'));
  const [exchange] = exchanges as [HttpExchange];
  exchange.body.discard();
  expect(exchange.body).toMatchObject({ used: true, received: true });
  expect(collect(exchange).failed).toMatchObject({ code: 'HAWSER_CLOSED' });
  echoTarget(exchange);
  expect(exchanges).toHaveLength(2);
});

test('a body that breaks its framing fails its reader, and the answer is the last', async () => {
  const { transport, exchanges, text, reports } = served();
  transport.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
  const [exchange] = exchanges as [HttpExchange];
  const got = collect(exchange);
  expect(got.failed).toMatchObject({ code: 'HAWSER_HTTP_MALFORMED' });
  exchange.respond({ status: 400, fields: [] });
  await transport.settle();
  expect(text()).toMatch(/^HTTP\/1\.1 400 [^]*connection: close/);
  expect(transport.wireState).not.toBe('open');
  expect(reports.problems).toEqual([]);
});

test('framing that breaks after the answer has left ends the connection without another word', async () => {
  const { transport, exchanges, text } = served();
  transport.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const [exchange] = exchanges as [HttpExchange];
  collect(exchange);
  exchange.respond(OK, 'early');
  text();
  transport.receive('zz\r\n\r\nGET / HTTP/1.1\r\n');
  await transport.settle();
  expect(text()).toBe('');
  expect(transport.wireState).not.toBe('open');
});

test('an upload is echoed as it comes, with the pace of whoever is slower', async () => {
  const { transport, exchanges } = served(echoBody, { highWaterMark: 16_384 });
  transport.receive(post('/', '').replace('Length: 0', 'Length: 1000000'));
  transport.stall();
  for (let at = 0; at < 100; at++) transport.receive('x'.repeat(10_000));
  expect(transport.pendingBytes).toBeLessThan(40_000);
  let written = 0;
  for (let turn = 0; turn < 200; turn++) {
    transport.drained();
    await transport.settle();
    transport.stall();
    written += transport.take().length;
  }
  expect(written).toBeGreaterThan(1_000_000);
  expect(exchanges[0]?.body.received).toBe(true);
  transport.drained();
  await transport.settle();
  expect(transport.wireState).toBe('open');
});

test.each([66_000, 100_000, 65_536])(
  'a body of %i bytes that nobody reads costs the connection only if the answer says so',
  async (length) => {
    const { transport, exchanges, text } = served();
    const all = post('/1', 'x'.repeat(length)) + get('/2');
    transport.receive(all.slice(0, 60_000));
    exchanges[0]?.respond({ status: 200, fields: [] });
    transport.receive(all.slice(60_000));
    await transport.settle();
    const closes = text().includes('connection: close');
    expect(closes).toBe(length > 65_536);
    expect(exchanges).toHaveLength(closes ? 1 : 2);
  },
);
