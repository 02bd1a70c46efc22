import { expect, test } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { waitFor } from '../../src/deferred/wait-for.ts';

test('a wait ends like what it waits for, in the same turn', () => {
  const source = new Deferred<number>();
  const [first, second] = [waitFor(source), waitFor(source)];
  source.resolve(7);
  expect([first.peek(), second.peek()]).toEqual([
    { state: 'fulfilled', value: 7 },
    { state: 'fulfilled', value: 7 },
  ]);
  const failed = new Deferred<number>();
  const wait = waitFor(failed);
  failed.reject(new Error('no'));
  expect(wait.peek()).toMatchObject({ state: 'rejected', error: { message: 'no' } });
});

test('a wait that is cancelled leaves the work and the other waits alone', () => {
  let cancelled = false;
  const source = new Deferred<number>({
    canceller: () => {
      cancelled = true;
    },
  });
  const [first, second] = [waitFor(source), waitFor(source)];
  first.cancel();
  expect([first.peek().state, second.peek().state, cancelled]).toEqual([
    'rejected',
    'pending',
    false,
  ]);
  source.resolve(7);
  expect(second.peek()).toEqual({ state: 'fulfilled', value: 7 });
});
