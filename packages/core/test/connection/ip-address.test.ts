import { isIP, SocketAddress } from 'node:net';
import { expect, test } from 'vitest';
import { formatIp, parseIp } from '../../src/connection/ip-address.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

test.each([
  ['192.0.2.1', [192, 0, 2, 1]],
  ['0.0.0.0', [0, 0, 0, 0]],
  ['::ffff:192.0.2.1', [192, 0, 2, 1]],
  ['::FFFF:c000:0201', [192, 0, 2, 1]],
  ['::', Array(16).fill(0)],
  ['1::', [0, 1, ...Array(14).fill(0)]],
  ['fe80::1%eth0', [0xfe, 0x80, ...Array(13).fill(0), 1]],
  ['1:2:3:4:5:6:7.8.9.10', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 7, 8, 9, 10]],
])('%s', (text, bytes) => {
  expect([...(parseIp(text) ?? [])]).toEqual(bytes);
});

test.each(['', '1.2.3', ':', '1::2::3', 'localhost', '%eth0', '10.0.0.1%eth0', '::1%', '::1%a b'])(
  '"%s" is no address',
  (text) => {
    expect(parseIp(text)).toBeUndefined();
  },
);

test('random addresses are written as node writes them, and read back', () => {
  const random = new SeededRandom(5);
  for (let round = 0; round < 2000; round++) {
    const bytes = random.bytes(round % 4 === 0 ? 4 : 16);
    // Zeros in some places, so that "::" has something to stand for.
    for (let at = 0; at < bytes.length; at++) if (random.below(3) > 0) bytes[at] = 0;
    const text = formatIp(bytes);
    expect(isIP(text)).toBe(bytes.length === 4 ? 4 : 6);
    expect([...(parseIp(text) ?? [])]).toEqual([...bytes]);
    // Node writes the last four bytes behind "::" as an IPv4 address.
    const isComparable = bytes.length === 16 && !/^::[\da-f.:]*$/.test(text);
    const ofNode = isComparable
      ? new SocketAddress({ family: 'ipv6', address: text }).address
      : text;
    expect(text).toBe(ofNode);
  }
});
