import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { NameTable } from '../../src/zone-file/name-table.ts';

test('names are found, and come in the order in which they were added', () => {
  const table = new NameTable<number>();
  const keys = Array.from({ length: 2_000 }, (_, index) =>
    Name.parse(`${index % 2 === 0 ? 'www.' : ''}n${(index * 7919) % 2_000}.example.net`),
  ).map(({ key }) => key);
  keys.push(Name.parse('.').key, Name.parse('a.very.deep.name.with.the.same.end.example.net').key);
  for (const [index, key] of keys.entries()) {
    expect(table.has(key)).toBe(false);
    table.add(key, index);
  }
  expect(keys.every((key, index) => table.get(key) === index && table.has(key))).toBe(true);
  expect([...table.entries()]).toEqual(keys.map((key, index) => [key, index]));
  expect(table.get(Name.parse('none.example.net').key)).toBeUndefined();
});
