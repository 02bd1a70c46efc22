import { expect, test } from 'vitest';
import { IntRows, LongList } from '../../src/zone/long-list.ts';

test('a long list has each value under the number that it was given', () => {
  const list = new LongList<string>();
  for (let at = 0; at < 10_000; at++) expect(list.push(`v${at}`)).toBe(at);
  list.set(4096, 'other');
  list.set(10_000, 'none');
  expect([list.length, list.at(0), list.at(4095), list.at(4096), list.at(9999)]).toEqual([
    10_000,
    'v0',
    'v4095',
    'other',
    'v9999',
  ]);
  expect(list.at(10_000)).toBeUndefined();
});

test.each([0, 1, 4095, 4096, 4097, 9000])(
  'rows follow %i that were there from the beginning',
  (begin) => {
    const rows = new IntRows(2, begin);
    for (let row = begin; row < 10_000; row++) expect(rows.push()).toBe(row);
    for (let row = 0; row < 10_000; row++) expect(rows.get(row, 0) + rows.get(row, 1)).toBe(0);
    for (let row = 0; row < 10_000; row++) rows.set(row, row % 2, -row);
    for (let row = 0; row < 10_000; row++) {
      expect(rows.get(row, row % 2)).toBe(0 - row);
      expect(rows.get(row, 1 - (row % 2))).toBe(0);
    }
  },
);
