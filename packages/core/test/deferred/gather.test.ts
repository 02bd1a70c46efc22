import { expect, test, vi } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { gather } from '../../src/deferred/gather.ts';
import { CancelledError } from '../../src/errors.ts';

test('gives all values in order, in the turn the last one comes', () => {
  const slow = new Deferred<string>();
  const fast = new Deferred<number>();
  const both = gather([slow, fast]);
  fast.resolve(2);
  expect(both.peek().state).toBe('pending');
  slow.resolve('one');
  expect(both.peek()).toEqual({ state: 'fulfilled', value: ['one', 2] });
});

test('takes promises as well, and nothing at all', async () => {
  expect(await gather([Promise.resolve(1), Promise.resolve('b')])).toEqual([1, 'b']);
  expect(gather([]).peek()).toEqual({ state: 'fulfilled', value: [] });
});

test('the first failure rejects and cancels the siblings', () => {
  const canceller = vi.fn<() => void>();
  const sibling = new Deferred({ canceller });
  const bad = new Deferred();
  const all = gather([sibling, bad]);
  const boom = new Error('boom');
  bad.reject(boom);
  expect(all.peek()).toEqual({ state: 'rejected', error: boom });
  expect(canceller).toHaveBeenCalledOnce();
  expect(sibling.peek()).toMatchObject({ error: { cause: boom } });
});

test('cancelling the gathering cancels every part', () => {
  const cancellers = [vi.fn<() => void>(), vi.fn<() => void>()];
  const all = gather(cancellers.map((canceller) => new Deferred({ canceller })));
  all.cancel('enough');
  expect(all.peek()).toMatchObject({ error: expect.any(CancelledError) });
  for (const canceller of cancellers) expect(canceller).toHaveBeenCalledOnce();
});
