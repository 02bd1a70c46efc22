import { afterEach, expect, test } from 'vitest';
import { http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.stop());

const NEXT = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (...fields: readonly string[]): string =>
  ['POST / HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n');
const CHUNKED = 'Transfer-Encoding: chunked';

// Each is read differently by some intermediary (RFC 9112 §11.2), so nothing behind it may be taken for a request.
test.each([
  [
    'chunks on 1.0',
    `POST / HTTP/1.0\r\nConnection: keep-alive\r\n${CHUNKED}\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['two Hosts', post('Host: b'), 400],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost: \r\n\r\n', 400],
  ['credentials in the target', 'GET http://u:p@b/ HTTP/1.1\r\nHost: b\r\n\r\n', 400],
  ['an asterisk for GET', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a length and chunks', `${post('Content-Length: 5', CHUNKED)}0\r\n\r\n`, 400],
  ['chunks and a length', `${post(CHUNKED, 'Content-Length: 5')}0\r\n\r\n`, 400],
  ['two lengths', post('Content-Length: 0', 'Content-Length: 0'), 400],
  ['a list of lengths', post('Content-Length: 0, 0'), 400],
  ['a signed length', post('Content-Length: +0'), 400],
  ['an empty length', post('Content-Length: '), 400],
  ['chunked twice', `${post(CHUNKED, CHUNKED)}0\r\n\r\n`, 400],
  ['a control byte before chunked', post('Transfer-Encoding:\u000bchunked'), 400],
  ['another coding', `${post('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`, 501],
  ['no coding', post('Transfer-Encoding: '), '(?:400|501)'],
  ['identity', post('Transfer-Encoding: identity'), 501],
  ['a space before the colon', post('Content-Length : 0'), 400],
  ['a folded field', post('X: a', ' b'), 400],
  ['lines that end in LF', 'GET / HTTP/1.1\nHost: a\n\n', 400],
  ['one line that ends in LF', 'GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n', 400],
  ['a lone CR', post('X: a\rY: b'), 400],
  ['NUL in a field', post('X: a\0b'), 400],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505],
  ['HTTP/2.0', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
  ['an unknown expectation', post('Expect: more', `Content-Length: ${NEXT.length}`), 417],
])('%s gets one answer, the last', async (_what, input, status) => {
  world = pipeWorld();
  const seen: string[] = [];
  const factory = http((request) => {
    seen.push(request.url);
    return new Response('x');
  });
  const client = await world.connect(factory, new RawClient());
  client.send(input + NEXT + NEXT);
  expect(await client.answer()).toMatch(
    new RegExp(`^HTTP/1\\.1 ${status} [^]*connection: close`, 'i'),
  );
  await client.ended;
  expect(client.received).toBe('');
  expect(seen).toEqual([]);
});

test.each([
  ['no CRLF after the bytes', '5\r\nhelloXX0\r\n\r\n'],
  ['a length too large for a number', 'fffffffffffffffff\r\nhello'],
  ['a length with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['an extension that ends in LF', '5;a\nhello\r\n0\r\n\r\n'],
])('a chunk with %s ends the connection', async (_what, body) => {
  world = pipeWorld();
  const factory = http(async (request) => new Response(await request.text()));
  const client = await world.connect(factory, new RawClient());
  client.send(`${post(CHUNKED)}${body}${NEXT}`);
  expect(await client.answer()).toMatch(/^HTTP\/1\.1 400 [^]*connection: close/i);
  await client.ended;
  expect(client.received).toBe('');
});
