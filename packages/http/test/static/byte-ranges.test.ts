import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { type ByteRange, parseRanges } from '../../src/static/byte-ranges.ts';

describe('ranges of a field', () => {
  const whole = undefined;
  test.each<[field: string, size: number, expected: [number, number][] | string | undefined]>([
    ['bytes=0-0', 1000, [[0, 0]]],
    ['bytes=0-499', 1000, [[0, 499]]],
    ['bytes=500-999', 1000, [[500, 999]]],
    ['bytes=500-', 1000, [[500, 999]]],
    ['bytes=-500', 1000, [[500, 999]]],
    ['bytes=-1', 1000, [[999, 999]]],
    ['bytes=-2000', 1000, [[0, 999]]],
    ['bytes=900-2000', 1000, [[900, 999]]],
    ['BYTES=0-1', 1000, [[0, 1]]],
    [
      'bytes=0-0, 500-501 ,-1',
      1000,
      [
        [0, 0],
        [500, 501],
        [999, 999],
      ],
    ],
    ['bytes=,0-0,,', 1000, [[0, 0]]],
    [
      'bytes=999-999,0-0',
      1000,
      [
        [999, 999],
        [0, 0],
      ],
    ],
    ['bytes=1000-,0-0', 1000, [[0, 0]]],
    ['bytes=0-99999999999999999999999', 10, [[0, 9]]],
    ['bytes=00000000000000000001-2', 10, [[1, 2]]],
    ['bytes=1000-', 1000, 'unsatisfiable'],
    ['bytes=1000-1001', 1000, 'unsatisfiable'],
    ['bytes=99999999999999999999999-', 10, 'unsatisfiable'],
    ['bytes=-0', 1000, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-0', 0, 'unsatisfiable'],
    ['bytes=-5', 0, whole],
    ['bytes=5-4', 1000, whole],
    ['bytes=0-0,5-4', 1000, whole],
    ['bytes=', 1000, whole],
    ['bytes=,', 1000, whole],
    ['bytes=-', 1000, whole],
    ['bytes=--1', 1000, whole],
    ['bytes=+1-2', 1000, whole],
    ['bytes=0x0-1', 1000, whole],
    ['bytes=1.5-2', 1000, whole],
    ['bytes=1-2-3', 1000, whole],
    ['bytes=a-b', 1000, whole],
    ['bytes 0-1', 1000, whole],
    ['bytes =0-1', 1000, whole],
    ['items=0-1', 1000, whole],
    ['', 1000, whole],
    ['0-1', 1000, whole],
    ['bytes=0- 1', 1000, whole],
  ])('%j of %i', (field, size, expected) => {
    const ranges = parseRanges(field, size);
    const found =
      typeof ranges === 'object' ? ranges.map(({ start, end }) => [start, end]) : ranges;
    expect(found).toEqual(expected);
  });

  test('that overlap, are the same or nearly touch are joined', () => {
    expect(parseRanges('bytes=0-99,50-149,900-,0-0', 1000)).toEqual([
      { start: 0, end: 149 },
      { start: 900, end: 999 },
    ]);
    expect(parseRanges('bytes=100-199,0-99', 1000)).toEqual([{ start: 0, end: 199 }]);
    expect(parseRanges(`bytes=${'0-,'.repeat(15)}0-`, 1000)).toEqual([{ start: 0, end: 999 }]);
  });

  test('as many as allowed count, one more is answered with the whole', () => {
    const of = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, at) => `${at * 200}-${at * 200}`).join(',')}`;
    expect(parseRanges(of(16), 10_000)).toHaveLength(16);
    expect(parseRanges(of(17), 10_000)).toBeUndefined();
    expect(parseRanges(of(3), 10_000, { maxRanges: 2 })).toBeUndefined();
    expect(parseRanges(`bytes=0-0${','.repeat(64)}`, 10)).toBeUndefined();
  });

  test('agree with an oracle that counts octets', () => {
    const random = new SeededRandom(4711);
    const pick = (most: number): number => Math.floor(random.float() * most);
    const found: string[] = [];
    for (let round = 0; round < 5_000; round++) {
      const size = pick(400);
      const specs = Array.from({ length: 1 + pick(5) }, () => spec(pick));
      const ranges = parseRanges(`bytes=${specs.join(',')}`, size);
      const why = difference(ranges, specs, size);
      if (why) found.push(`${specs.join(',')} of ${size}: ${why}`);
    }
    expect(found).toEqual([]);
  });
});

function spec(pick: (most: number) => number): string {
  switch (pick(6)) {
    case 0:
      return `-${pick(500)}`;
    case 1:
      return `${pick(500)}-`;
    default:
      return `${pick(300)}-${pick(500)}`;
  }
}

/** Why the ranges are not what was asked for, by marking each octet; nothing if they are. */
function difference(
  ranges: readonly ByteRange[] | 'unsatisfiable' | undefined,
  specs: readonly string[],
  size: number,
): string | undefined {
  const asked = new Set<number>();
  let wrong = false;
  for (const each of specs) {
    const [first = '', last = ''] = each.split('-');
    if (first !== '' && last !== '' && Number(first) > Number(last)) wrong = true;
    if (first === '' && Number(last) > 0 && size === 0) wrong = true;
    for (let at = 0; at < size; at++) {
      const inside =
        first === ''
          ? at >= size - Number(last)
          : at >= Number(first) && (last === '' || at <= Number(last));
      if (inside) asked.add(at);
    }
  }
  if (wrong) return ranges === undefined ? undefined : 'not refused';
  if (asked.size === 0) return ranges === 'unsatisfiable' ? undefined : 'satisfied';
  if (typeof ranges !== 'object') return 'not satisfied';
  const sent = new Set<number>();
  let octets = 0;
  for (const { start, end } of ranges) {
    for (let at = start; at <= end; at++) sent.add(at);
    octets += end - start + 1;
  }
  if (octets !== sent.size) return 'octets twice';
  if (sent.size > 0 && Math.max(...sent) >= size) return 'octets beyond the end';
  for (const at of asked) if (!sent.has(at)) return `octet ${at} missing`;
  // What was not asked for is in gaps too small for a part of its own.
  return octets - asked.size < 80 * specs.length ? undefined : 'too much';
}
