import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../src/delivery/http-date.ts';

test('all three forms are read', () => {
  const expected = Date.UTC(1994, 10, 6, 8, 49, 37);
  expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(expected);
  expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT')).toBe(expected);
  expect(parseHttpDate('Sun Nov  6 08:49:37 1994')).toBe(expected);
  expect(parseHttpDate('Sunday, 06-Nov-44 08:49:37 GMT')).toBe(Date.UTC(2044, 10, 6, 8, 49, 37));
});

test.each([
  '',
  'now',
  '0',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 06 Nov 1994 08:49:37 UTC',
  'Sun, 06 Nov 1994 08:49:37 +0000',
  'sun, 06 nov 1994 08:49:37 gmt',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 31 Feb 1994 08:49:37 GMT',
  'Sun, 29 Feb 2023 08:49:37 GMT',
  'Sun, 00 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:49:37 GMT',
  'Sun, 06 Nov 1994 08:60:37 GMT',
  'Sun, 06 Nov 1994 08:49:61 GMT',
  'Sun, 06 Foo 1994 08:49:37 GMT',
  '1994-11-06T08:49:37Z',
  `Sun, 06 Nov 1994 08:49:37 GMT${' '.repeat(100)}`,
])('%j is no date', (text) => {
  expect(parseHttpDate(text)).toBeUndefined();
});

test('agree with the calendar of the language over all years', () => {
  const random = new SeededRandom(3);
  for (let round = 0; round < 5000; round++) {
    const ms = Math.floor(random.float() * Date.UTC(9999, 11, 31));
    const second = Math.floor(ms / 1000) * 1000;
    expect(formatHttpDate(ms)).toBe(new Date(second).toUTCString());
    expect(parseHttpDate(formatHttpDate(ms))).toBe(second);
  }
  expect(formatHttpDate(-1000)).toBe('Wed, 31 Dec 1969 23:59:59 GMT');
});
