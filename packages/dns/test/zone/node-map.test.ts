import { afterEach, expect, test, vi } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { NodeMap } from '../../src/zone/node-map.ts';
import { PackedRRset } from '../../src/zone/packed-rrset.ts';
import { createRRset } from '../../src/zone/rrset.ts';

const BLOCKS = 10;
const digits = 'abcdefghijklmnopqrstuvwxyz012345';

/** Names that 32 bits of FNV-1a do not tell apart: two blocks of five letters lead to one state, and so on from there. */
function collidingKeys(): string[] {
  const step = (state: number, text: string): number => {
    let hash = state;
    for (let at = 0; at < text.length; at++)
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    return hash;
  };
  let state = 0x811c9dc5;
  let labels = [''];
  for (let block = 0; block < BLOCKS; block++) {
    const known = new Map<number, string>();
    for (let count = 0; ; count++) {
      const number = Math.imul(count, 0x9e3779b1) >>> 7;
      const text = [20, 15, 10, 5, 0].map((shift) => digits[(number >> shift) & 31]).join('');
      const reached = step(state, text);
      const other = known.get(reached);
      if (other !== undefined) {
        labels = labels.flatMap((label) => [label + other, label + text]);
        state = reached;
        break;
      }
      known.set(reached, text);
    }
  }
  // The map knows nothing of labels.
  return labels.map((label) => `${label}\0`);
}

/** Counts how many entries are copied from one map to another. */
let copied = 0;
class CountingMap<K, V> extends Map<K, V> {
  constructor(entries?: Iterable<readonly [K, V]>) {
    super(entries);
    if (entries instanceof Map) copied += entries.size;
  }
}

afterEach(() => void vi.unstubAllGlobals());

test('names that were chosen to have the same hash cost a change no more than others', () => {
  const keys = collidingKeys();
  const value = new PackedRRset(
    keys[0] ?? '',
    createRRset(Name.root, Type.A, { ttl: 60, values: ['192.0.2.1'] }),
  );
  vi.stubGlobal('Map', CountingMap);
  let map = NodeMap.empty;
  const set = (key: string, to: PackedRRset | undefined): void => {
    copied = 0;
    const draft = map.edit();
    draft.set(key, to);
    map = draft.done();
    expect(copied).toBeLessThanOrEqual(257);
  };
  for (const key of keys) set(key, value);
  expect(map.size).toBe(2 ** BLOCKS);
  expect(keys.every((key) => map.get(key) === value)).toBe(true);
  expect(new Set([...map.entries()].map(([key]) => key)).size).toBe(2 ** BLOCKS);
  expect(map.get(`${keys[0]?.slice(0, -2)}\0`)).toBeUndefined();
  for (const key of keys.slice(1)) set(key, undefined);
  expect([map.size, [...map.entries()]]).toEqual([1, [[keys[0], value]]]);
});
