import { chunkings, createTestReactor, FakeTransport } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import type { RequestHead } from '../../src/contract/message-head.ts';
import { http1 } from '../../src/server/http1.ts';
import { ReaderPool } from '../../src/server/reader-pool.ts';
import { feedAll, latin1, recordRequests } from '../wire/recording.ts';
import { echoTarget, get, post } from './served.ts';

const OTHER_PEER = [
  post('/upload', 'secret', 'Expect: 100-continue', 'X-Secret: mine'),
  'POST /c HTTP/1.1\r\nHost: other.test\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nx-t: 1\r\n\r\n',
  'GET http://absolute.test/a HTTP/1.1\r\nHost: other.test\r\nUpgrade: h9\r\nConnection: upgrade\r\n\r\n',
  'GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
].join('');
const BARE =
  'GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';

test('a reader that another peer had reads as a new one does, wherever the bytes are cut', () => {
  for (const chunks of chunkings(latin1(BARE))) {
    const expected = recordRequests();
    feedAll(new ReaderPool({}).take(expected), chunks);

    const readers = new ReaderPool({});
    const other = recordRequests();
    const lent = readers.take(other);
    expect(feedAll(lent, [latin1(OTHER_PEER)])).toBe(undefined);
    expect(other.log).toHaveLength(4);
    expect(lent.fresh).toBe(true);
    readers.giveBack(lent);
    const mine = recordRequests();
    expect(readers.take(mine)).toBe(lent);
    expect(feedAll(lent, chunks)).toBe(undefined);
    expect(mine.log).toEqual(expected.log);
    expect(other.log).toHaveLength(4);
  }
});

test('a reader is fresh between two messages and at no other point', () => {
  const bytes = latin1(`\r\n${OTHER_PEER}`);
  const heads: RequestHead[] = [];
  let ended = 0;
  const reader = new ReaderPool({}).take({
    head: (head) => void heads.push(head),
    data: () => undefined,
    end: () => {
      ended += 1;
    },
  });
  const freshAt: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    reader.feed(bytes.subarray(at, at + 1));
    if (reader.fresh) freshAt.push(at + 1);
  }
  expect(ended).toBe(4);
  expect(freshAt).toHaveLength(4);
  expect(freshAt.at(-1)).toBe(bytes.length);
});

test('a reader that is paused, refused, or at the end of its input is not fresh', () => {
  const pool = new ReaderPool({});
  const paused = pool.take(recordRequests());
  paused.pause();
  expect(paused.fresh).toBe(false);
  paused.resume();
  expect(paused.fresh).toBe(true);
  const refused = pool.take(recordRequests());
  refused.feed(latin1('GET / HTTP/9.9\r\n\r\n'));
  expect(refused.fresh).toBe(false);
  const ended = pool.take(recordRequests());
  ended.finish();
  expect(ended.fresh).toBe(false);
  const last = pool.take(recordRequests());
  last.feed(latin1(get('/', 'Connection: close')));
  expect(last.fresh).toBe(false);
});

test('connections of one factory that take turns, octet by octet, each get their own answers', () => {
  const reactor = createTestReactor();
  const factory = http1(echoTarget);
  const peers = ['/one', '/two', '/three'].map((target) => {
    const transport = new FakeTransport({ reactor });
    transport.adopt(factory);
    return { transport, target, message: get(target, `X-Mine: ${target}`).repeat(2) };
  });
  const longest = Math.max(...peers.map(({ message }) => message.length));
  for (let at = 0; at < longest; at++) {
    for (const { transport, message } of peers) {
      if (at < message.length) transport.receive(message.slice(at, at + 1));
    }
  }
  for (const { transport, target } of peers) {
    const text = transport.takeText('latin1');
    expect(text.match(/\r\n\r\n\/[a-z]+/g)).toEqual([`\r\n\r\n${target}`, `\r\n\r\n${target}`]);
  }
});

test('bytes that break HTTP end their own connection alone', () => {
  const reactor = createTestReactor();
  const factory = http1(echoTarget);
  const [good, bad, later] = [1, 2, 3].map(() => {
    const transport = new FakeTransport({ reactor });
    transport.adopt(factory);
    return transport;
  }) as [FakeTransport, FakeTransport, FakeTransport];
  good.receive(get('/a'));
  bad.receive('GET /b HTTP/1.1\r\nHost : x\r\n\r\n');
  later.receive('GET /c HT');
  good.receive(get('/d'));
  later.receive('TP/1.1\r\nHost: a.test\r\n\r\n');
  expect(bad.takeText('latin1')).toMatch(/^HTTP\/1\.1 400 /);
  expect(good.takeText('latin1')).toMatch(/\/a[^]*\/d$/);
  expect(later.takeText('latin1')).toMatch(/\/c$/);
});
