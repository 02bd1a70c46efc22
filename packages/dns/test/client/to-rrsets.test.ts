import { expect, test } from 'vitest';
import { toRRsets } from '../../src/client/to-rrsets.ts';
import { rr } from './fake-server.ts';

test('records of one name and type are one RRset, with the lowest TTL (RFC 2181 §5.2)', () => {
  const sets = toRRsets([
    rr('www.example.net 60 A 192.0.2.1'),
    rr('other.example.net 60 A 192.0.2.1'),
    rr('WWW.example.net 30 A 192.0.2.2'),
    rr('www.example.net 90 A 192.0.2.1'),
    rr('www.example.net 60 AAAA 2001:db8::1'),
  ]);
  expect(
    sets.map(({ name, type, ttl, records }) => [name.toString(), type, ttl, records.length]),
  ).toEqual([
    ['www.example.net', 1, 30, 2],
    ['other.example.net', 1, 60, 1],
    ['www.example.net', 28, 60, 1],
  ]);
});

test('a TTL with its top bit set is zero (RFC 2181 §8)', () => {
  expect(toRRsets([rr('www.example.net 2147483648 A 192.0.2.1')])[0]?.ttl).toBe(0);
  expect(toRRsets([rr('www.example.net 2147483647 A 192.0.2.1')])[0]?.ttl).toBe(2147483647);
});
