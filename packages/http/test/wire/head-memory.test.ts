import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { RequestReader } from '../../src/wire/request-reader.ts';
import { latin1, recordRequests } from './recording.ts';

const COUNT = 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a head that comes octet by octet takes little more memory than its octets', () => {
  const octet = latin1('x');
  const readers: RequestReader[] = [];
  const before = heapBytes();
  for (let count = 0; count < COUNT; count++) {
    const reader = new RequestReader(recordRequests());
    reader.feed(latin1('GET / HTTP/1.1\r\nHost: a\r\nx: '));
    for (let at = 0; at < 15_000; at++) reader.feed(octet);
    readers.push(reader);
  }
  const each = (heapBytes() - before) / COUNT;
  expect(readers.map(({ state }) => state)).toEqual(Array(COUNT).fill('head'));
  expect(each).toBeLessThan(100_000);
});

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
