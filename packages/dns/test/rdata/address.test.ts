import { expect, test } from 'vitest';
import { Type } from '../../src/numbers.ts';
import { formatIPv6, parseIPv4, parseIPv6 } from '../../src/rdata/address.ts';
import { rdataFromText } from '../../src/rdata/rdata-text.ts';

test.each(['0.0.0.0', '255.255.255.255', '10.200.30.4', '192.0.2.100'])('%s is IPv4', (text) => {
  const octets = text.split('.').map(Number);
  expect([...(parseIPv4(text) ?? [])]).toEqual(octets);
  expect([...rdataFromText(Type.A, text).wire]).toEqual(octets);
});

test.each([
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '256.1.1.1',
  '260.0.0.0',
  '1.1.1.256',
  '1.1.1.999',
  '01.2.3.4',
  '1.2.3.00',
  '1.2.3.4a',
  '-1.2.3.4',
  '1,2,3,4',
  '1.2.3.4/8',
  '0x1.2.3.4',
])('%s is not', (text) => {
  expect(parseIPv4(text)).toBeUndefined();
  expect(() => rdataFromText(Type.A, text)).toThrow(/IPv4/);
});

test.each([
  ['::', '::'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:2:3:4:5:6:0:8', '1:2:3:4:5:6:0:8'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
])('%s is IPv6, written %s', (text, written) => {
  expect(formatIPv6(parseIPv6(text) ?? Buffer.alloc(16))).toBe(written);
});

test.each([
  '',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '12345::',
  'g::',
  '::1%eth0',
  '::1.2.3',
])('%j is not', (text) => {
  expect(parseIPv6(text)).toBeUndefined();
});
