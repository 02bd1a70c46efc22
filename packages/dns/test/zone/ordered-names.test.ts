import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { OrderedNames } from '../../src/zone/ordered-names.ts';

test.each([0, 1, 2, 511, 512, 513, 1024, 1025, 5000])(
  '%i names are sorted in steps as at once',
  (count) => {
    const random = new SeededRandom(count);
    const names = Array.from({ length: count }, (_, index) => `${random.float()}/${index}`);
    const steps = OrderedNames.sorting(names);
    let taken = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) taken++;
    const sorted = step.value;
    expect([...sorted.from('')]).toEqual([...names].sort());
    expect([sorted.first, sorted.last]).toEqual([names.toSorted()[0], names.toSorted().at(-1)]);
    // Each name is looked at once, and once more each time two runs are merged.
    expect(taken).toBeGreaterThanOrEqual(count);
    expect(taken).toBeLessThanOrEqual(count * (1 + Math.ceil(Math.log2(Math.max(1, count / 512)))));
    const changed = sorted.with(new Map([['x', true]]));
    expect([...changed.from('')]).toEqual([...names, 'x'].sort());
  },
);
