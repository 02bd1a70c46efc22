/* oxlint-disable unicorn/no-useless-spread -- the spreads keep short values in rows */
import { describe, expect, test } from 'vitest';
import { formatHttpDate, httpDate } from '../../src/wire/http-date.ts';
import { parseHttpDate } from '../../src/wire/parse-http-date.ts';

const EPOCH_MS = 784_111_777_000;

test('httpDate follows the clock, in whole seconds, forth and back', () => {
  const at = (epoch: number): string => httpDate({ epoch: () => epoch });
  expect(at(EPOCH_MS)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  expect(at(EPOCH_MS + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  expect(at(EPOCH_MS + 1_000)).toBe('Sun, 06 Nov 1994 08:49:38 GMT');
  expect(at(EPOCH_MS - 1)).toBe('Sun, 06 Nov 1994 08:49:36 GMT');
  expect(at(0)).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
});

describe('parseHttpDate', () => {
  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', EPOCH_MS],
    ['Sunday, 06-Nov-94 08:49:37 GMT', EPOCH_MS],
    ['Sun Nov  6 08:49:37 1994', EPOCH_MS],
    ['Wed Nov 16 08:49:37 1994', EPOCH_MS + 10 * 86_400_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Thursday, 01-Jan-70 00:00:00 GMT', 0],
    ['Tuesday, 31-Dec-69 23:59:59 GMT', 3_155_759_999_000],
    ['Mon, 29 Feb 2016 00:00:00 GMT', 1_456_704_000_000],
    ['Sat, 31 Dec 2016 23:59:60 GMT', 1_483_228_800_000],
    ['Mon, 06 Nov 1994 08:49:37 GMT', EPOCH_MS],
    ['Mon, 01 Jan 0001 00:00:00 GMT', -62_135_596_800_000],
  ])('reads %s', (text, epochMs) => {
    expect(parseHttpDate(text)).toBe(epochMs);
  });

  test.each([
    ...[
      '',
      '0',
      'x',
      'Sun, 06 Nov 1994 08:49:37',
      'Sun, 06 Nov 1994 08:49:37 UTC',
      'Sun, 6 Nov 1994 08:49:37 GMT',
    ],
    ...[
      'sun, 06 nov 1994 08:49:37 gmt',
      'Sun, 06 Nov 94 08:49:37 GMT',
      'Sun, 06 Nov 1994 24:00:00 GMT',
    ],
    ...[
      'Sun, 06 Nov 1994 08:60:37 GMT',
      'Sun, 06 Nov 1994 08:49:61 GMT',
      'Sun, 31 Feb 2016 00:00:00 GMT',
    ],
    ...[
      'Sun, 00 Jan 2016 00:00:00 GMT',
      'Wed, 29 Feb 2017 00:00:00 GMT',
      'Sun, 06 Xyz 1994 08:49:37 GMT',
    ],
    ...['Sun, 06 ovD 1994 08:49:37 GMT', '1994-11-06T08:49:37Z', ' Sun, 06 Nov 1994 08:49:37 GMT'],
    ...[
      'Sun Nov 6 08:49:37 1994',
      'Sun, 06-Nov-94 08:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:37 GMT\n',
    ],
  ])('does not read %j', (text) => {
    expect(parseHttpDate(text)).toBe(undefined);
  });

  test('reads what formatHttpDate writes', () => {
    for (let day = 0; day < 4_000; day++) {
      const epochMs = day * 86_400_000 * 3 + day * 1_000;
      expect(parseHttpDate(formatHttpDate(epochMs))).toBe(epochMs);
    }
  });
});
