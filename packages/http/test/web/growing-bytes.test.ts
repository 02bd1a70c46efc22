import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { GrowingBytes } from '../../src/web/growing-bytes.ts';

test.each([1, 2, 3, 4])('GrowingBytes are what was added, in order (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  for (let round = 0; round < 50; round++) {
    const pieces = Array.from({ length: random.below(40) }, (_, at) =>
      Buffer.alloc(random.below(at % 7 === 0 ? 9_000 : 3), at),
    );
    const bytes = new GrowingBytes();
    for (const piece of pieces) bytes.add(piece);
    const all = Buffer.concat(pieces);
    expect(bytes.length).toBe(all.length);
    expect(bytes.take().equals(all)).toBe(true);
    expect(bytes.length).toBe(0);
  }
});

test('GrowingBytes do not copy what came in one piece', () => {
  const piece = Buffer.from('whole');
  const bytes = new GrowingBytes();
  bytes.add(piece);
  expect(bytes.take()).toBe(piece);
});
