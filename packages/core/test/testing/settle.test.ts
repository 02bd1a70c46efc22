import { nextTick } from 'node:process';
import { expect, test } from 'vitest';
import { settle } from '../../testing/settle.ts';

test('what is due has run, with what it caused', async () => {
  const seen: string[] = [];
  setImmediate(() => {
    seen.push('immediate');
    nextTick(() => {
      seen.push('tick');
      void Promise.resolve().then(() => {
        seen.push('promise');
        setImmediate(() => seen.push('next immediate'));
      });
    });
  });
  await settle();
  expect(seen).toEqual(['immediate', 'tick', 'promise', 'next immediate']);
});

test('the number of turns can be chosen', async () => {
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (turns < 100) setImmediate(count);
  };
  setImmediate(count);
  await settle({ turns: 3 });
  expect(turns).toBe(3);
  await settle({ turns: 100 });
});
