import { afterEach, expect, test, vi } from 'vitest';
import { atOnce } from '../../src/in-turns.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { hashOf } from '../../src/zone/name-hash.ts';
import { NodeLeaf } from '../../src/zone/node-leaf.ts';
import { NodeMap } from '../../src/zone/node-map.ts';
import { PackedRRset } from '../../src/zone/packed-rrset.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { BLOCKS, collidingKeys } from './colliding-keys.ts';

afterEach(() => void vi.restoreAllMocks());

test('names that were chosen to have the same hash cost a change no more than others', () => {
  const keys = collidingKeys();
  const value = new PackedRRset(
    keys[0] ?? '',
    createRRset(Name.root, Type.A, { ttl: 60, values: ['192.0.2.1'] }),
  );
  const copies = vi.spyOn(NodeLeaf.prototype, 'copy');
  let map = NodeMap.empty;
  const set = (key: string, to: PackedRRset | undefined): void => {
    copies.mockClear();
    const draft = map.edit();
    draft.set(key, to);
    map = draft.done();
    const sizes = copies.mock.results.map(({ value: leaf }) => (leaf as NodeLeaf).size);
    expect(sizes.length).toBeLessThanOrEqual(1);
    expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(257);
  };
  for (const key of keys) set(key, value);
  expect(copies).toHaveBeenCalled();
  expect(map.size).toBe(2 ** BLOCKS);
  expect(keys.every((key) => map.get(key) === value)).toBe(true);
  expect(new Set([...map.entries()].map(([key]) => key)).size).toBe(2 ** BLOCKS);
  expect(map.get(`${keys[0]?.slice(0, -2)}\0`)).toBeUndefined();
  for (const key of keys.slice(1)) set(key, undefined);
  expect([map.size, [...map.entries()]]).toEqual([1, [[keys[0], value]]]);
});

test.each([0, 1, 150, 300, 6_000, 200_000])(
  'a map of %i names at once is that of one name after the other',
  (size) => {
    const keys = Array.from(
      { length: size },
      (_, index) => `\u0008${index.toString(36).padStart(8)}\0`,
    );
    const values = keys.map((key) => new PackedRRset(key, { type: Type.A, ttl: 60, packed: '' }));
    const map = mapOf(keys, values);
    expect(map.size).toBe(size);
    expect(keys.every((key, index) => map.get(key) === values[index])).toBe(true);
    expect(map.get('\u0004none\0')).toBeUndefined();
    expect(new Map(map.entries()).size).toBe(size);
    const draft = map.edit();
    for (const key of keys) draft.set(key, undefined);
    expect([...draft.done().entries()]).toEqual([]);
  },
);

test('names that were chosen to have the same hash can come at once', () => {
  const keys = collidingKeys();
  const others = Array.from({ length: 5_000 }, (_, index) => `${index}\0`);
  const values = [...keys, ...others].map(
    (key) => new PackedRRset(key, { type: 1, ttl: 1, packed: '' }),
  );
  const map = mapOf([...keys, ...others], values);
  expect(map.size).toBe(values.length);
  expect(values.every((value) => map.get(value.owner) === value)).toBe(true);
});

function mapOf(keys: readonly string[], values: readonly PackedRRset[]): NodeMap {
  const content = {
    size: keys.length,
    keyAt: (number: number) => keys[number] ?? '',
    hashAt: (number: number) => hashOf(keys[number] ?? ''),
    valueAt: (number: number) => values[number] as PackedRRset,
  };
  return atOnce(NodeMap.of(content));
}
