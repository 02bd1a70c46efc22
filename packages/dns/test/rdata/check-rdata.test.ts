import { expect, test } from 'vitest';
import { parseType } from '../../src/numbers.ts';
import { checkRdata } from '../../src/rdata/rdata.ts';

// Data that has a shorter form, or is in another order, must not pass for different data.
test.each([
  [
    'NSEC',
    'a bitmap that ends in an octet without a bit (RFC 4034 §4.1.2)',
    '00 0002 4000',
    '00 0001 40',
  ],
  ['NSEC', 'windows that do not rise', '00 000140 000140', '00 000140 010140'],
  ['NSEC', 'a window without octets', '00 0000', '00 000140'],
  ['APL', 'an address that ends in zero (RFC 3123 §4)', '0001 18 02 c000', '0001 18 01 c0'],
  ['APL', 'more octets than an address has', '0001 20 05 c000020101', '0001 20 04 c0000201'],
  ['APL', 'a longer prefix than an address has', '0001 21 01 c0', '0001 20 01 c0'],
])('%s: %s is refused', (type, _, wrong, right) => {
  const check = (hex: string) =>
    checkRdata(parseType(type), Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  expect(check(wrong)).toBeUndefined();
  expect(check(right)).toBeDefined();
});
