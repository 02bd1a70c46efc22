import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { HttpRequestError, HttpResponseError } from '../../src/index.ts';
import { StubServer, testClient } from '../../testing/index.ts';
import { failureOf } from './failure-of.ts';

const RESPONSES = [
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nset-cookie: a=1\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\na: b\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\nkeep-alive: timeout=5\r\n\r\n',
  'HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n',
  'HTTP/1.0 200 OK\r\ncontent-encoding: gzip\r\n\r\nhello',
  'HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
];
const BITS = [
  '\r\n',
  '\n',
  '\r',
  ':',
  ' ',
  '\0',
  '0',
  '99999999999999999999',
  'HTTP/1.1 ',
  'chunked',
  '\u00ff',
  ';',
];

function mutated(random: SeededRandom): Buffer {
  let text = RESPONSES[random.below(RESPONSES.length)] ?? '';
  for (let left = random.below(4); left >= 0; left--) {
    const at = random.below(text.length + 1);
    const until = random.below(3) === 0 ? Math.min(text.length, at + random.below(20)) : at;
    text = text.slice(0, at) + (BITS[random.below(BITS.length)] ?? '') + text.slice(until);
  }
  return Buffer.from(text, 'latin1');
}

test('whatever a server sends, a request ends with a response or an error, and nothing is left', async () => {
  const random = new SeededRandom(42);
  const ends = new Set<string>();
  for (let run = 0; run < 400; run++) {
    const stub = new StubServer();
    const raw = mutated(random);
    stub.expect('*').always({ raw, end: (['close', 'reset', 'keep'] as const)[random.below(3)] });
    const client = testClient(stub, { timeouts: { totalMs: 5_000 }, retry: {}, cut: run });
    const asked = client.get('/').addCallback((response) => response.collect());
    const settled = failureOf(asked);
    await client.elapse(5_000);
    const error = await settled;
    const known = error instanceof HttpRequestError || error instanceof HttpResponseError;
    ends.add(known ? error.code : 'whole');
    expect([known || asked.peek().state === 'fulfilled', raw.toString('latin1')]).toEqual([
      true,
      raw.toString('latin1'),
    ]);
    await client[Symbol.asyncDispose]();
    expect([client.connections.size, client.reactor.clock.timers]).toEqual([0, 0]);
    expect(client.reactor.reports.problems).toEqual([]);
  }
  expect([...ends].toSorted()).toEqual(
    expect.arrayContaining([
      'HAWSER_HTTP_INCOMPLETE',
      'HAWSER_HTTP_MALFORMED',
      'HAWSER_HTTP_TIMEOUT',
      'whole',
    ]),
  );
});
