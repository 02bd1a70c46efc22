import { isIP } from 'node:net';
import { expect, test } from 'vitest';
import { ipBytes, ipFamily } from '../../src/connection/ip-literal.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

test.each([
  ['127.0.0.1', 4],
  ['255.255.255.255', 4],
  ['256.1.1.1', undefined],
  ['01.2.3.4', undefined],
  ['1.2.3', undefined],
  ['1.2.3.4.5', undefined],
  ['::', 6],
  ['::1', 6],
  ['1::', 6],
  ['2001:DB8::7', 6],
  ['1:2:3:4:5:6:7:8', 6],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1:2:3:4::5:6:7:8', undefined],
  ['1::2::3', undefined],
  [':1:2:3:4:5:6:7', undefined],
  ['1:', undefined],
  ['::ffff:10.0.0.1', 6],
  ['::10.0.0.1:1', undefined],
  ['10.0.0.1::', undefined],
  ['12345::', undefined],
  ['fe80::1%eth0', 6],
  ['fe80::1%', undefined],
  ['fe80::1%a b', undefined],
  ['1.2.3.4%eth0', undefined],
  ['example.net', undefined],
  ['', undefined],
] as const)('%j is of family %s', (host, family) => {
  expect(ipFamily(host)).toBe(family);
});

test('agrees with node about what is an address', () => {
  const random = new SeededRandom(5);
  const signs = ['0', '1', 'f', '10', 'ffff', ':', ':', '::', '.', '1.2.3.4', 'g'];
  for (let i = 0; i < 20_000; i++) {
    const length = 1 + random.below(16);
    const text = Array.from({ length }, () => signs[random.below(signs.length)]).join('');
    expect([text, ipFamily(text) ?? 0]).toEqual([text, isIP(text)]);
  }
});

test('bytes in network order', () => {
  expect(ipBytes('10.0.0.255')?.toString('hex')).toBe('0a0000ff');
  expect(ipBytes('2001:db8::ffff:7')?.toString('hex')).toBe('20010db80000000000000000ffff0007');
  expect(ipBytes('::ffff:1.2.3.4')?.toString('hex')).toBe('00000000000000000000ffff01020304');
  expect(ipBytes('fe80::1%eth0')).toBeUndefined();
  expect(ipBytes('example.net')).toBeUndefined();
});
