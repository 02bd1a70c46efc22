import { expect, test } from 'vitest';
import { RateMemory } from '../../../src/update/http/rate-memory.ts';

test('a key may do as much as its burst, and then as its rate', () => {
  const memory = new RateMemory({ burst: 2, perMinute: 1 });
  expect([0, 0, 0, 59_999, 60_000, 60_000].map((now) => memory.take('a', now))).toEqual([
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
  expect(memory.take('b', 0)).toBe(true);
});

test('to ask does not count', () => {
  const memory = new RateMemory({ burst: 1, perMinute: 1 });
  expect([memory.allows('a', 0), memory.allows('a', 0), memory.take('a', 0)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(memory.allows('a', 0)).toBe(false);
});

test('of more keys than it may remember the one not heard of for longest is forgotten', () => {
  const memory = new RateMemory({ burst: 1, perMinute: 1 }, 2);
  for (const key of ['a', 'b', 'a', 'c']) memory.take(key, 0);
  expect(['a', 'b', 'c'].map((key) => memory.allows(key, 0))).toEqual([false, true, false]);
});
