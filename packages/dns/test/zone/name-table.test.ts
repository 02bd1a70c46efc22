import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { NameTable } from '../../src/zone/name-table.ts';
import { collidingKeys } from './colliding-keys.ts';

const none = Name.parse('none.example.net').key;

test('names get numbers in the order in which they come, and are found by them', () => {
  const table = new NameTable();
  const keys = Array.from(
    { length: 5_000 },
    (_, index) => Name.parse(`${index % 2 === 0 ? 'www.' : ''}n${index * 7919}.example.net`).key,
  );
  keys.push(Name.root.key, Name.parse('a.very.deep.name.with.the.same.end.example.net').key);
  for (const [number, key] of keys.entries()) {
    expect(table.find(key)).toBe(-1);
    expect(table.place(key)).toBe(number);
  }
  expect(table.size).toBe(keys.length);
  for (const [number, key] of keys.entries()) {
    expect([table.find(key), table.place(key), table.keyAt(number)]).toEqual([number, number, key]);
  }
  expect(table.size).toBe(keys.length);
  expect(table.find(none)).toBe(-1);
});

test('names that were chosen to have the same hash are found among others', () => {
  const table = new NameTable();
  const keys = collidingKeys().flatMap((key, index) => [key, Name.parse(`n${index}`).key]);
  for (const [number, key] of keys.entries()) expect(table.place(key)).toBe(number);
  expect(new Set(keys.map((_, number) => table.hashAt(number))).size).toBeLessThan(2_000);
  expect(keys.map((key) => table.find(key))).toEqual([...keys.keys()]);
  expect(keys.map((key) => table.place(key))).toEqual([...keys.keys()]);
  expect(table.size).toBe(keys.length);
  expect(table.find(none)).toBe(-1);
});
