import { expect, expectTypeOf, test, vi } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { fail } from '../../src/deferred/fail.ts';
import { firstOf } from '../../src/deferred/first-of.ts';
import { CancelledError } from '../../src/errors.ts';

test('gives the first value in the turn it comes, and cancels the others', () => {
  const canceller = vi.fn<() => void>();
  const loser = new Deferred<number>({ canceller });
  const winner = new Deferred<number>();
  const first = firstOf([fail<number>(new Error('early')), loser, winner]);
  expect(first.peek().state).toBe('pending');
  winner.resolve(7);
  expect(first.peek()).toEqual({ state: 'fulfilled', value: 7 });
  expect(canceller).toHaveBeenCalledOnce();
  expect(loser.peek()).toMatchObject({ error: expect.any(CancelledError) });
});

test('takes promises as well', async () => {
  expectTypeOf(firstOf([Promise.resolve(1), new Deferred<number>()])).toEqualTypeOf<
    Deferred<number>
  >();
  expect(await firstOf([Promise.reject(new Error('x')), Promise.resolve(1)])).toBe(1);
});

test('rejects with every error, in the order of the inputs, when all fail', () => {
  const [a, b] = [new Deferred(), new Deferred()];
  const first = firstOf([a, b]);
  b.reject('b');
  a.reject('a');
  const seen = first.peek();
  expect(seen).toMatchObject({ error: expect.any(AggregateError) });
  expect(seen).toHaveProperty('error.errors', ['a', 'b']);
});

test('of nothing fails', () => {
  expect(firstOf([]).peek()).toMatchObject({ error: { errors: [] } });
});

test('cancelling it cancels every part and stays a cancellation', () => {
  const cancellers = [vi.fn<() => void>(), vi.fn<() => void>()];
  const first = firstOf(cancellers.map((canceller) => new Deferred({ canceller })));
  first.cancel('enough');
  for (const canceller of cancellers) expect(canceller).toHaveBeenCalledOnce();
  expect(first.peek()).toMatchObject({ error: { code: 'HAWSER_CANCELLED', cause: 'enough' } });
});

test('a part that answers its cancellation with a value wins', () => {
  const part: Deferred<string> = new Deferred({ canceller: () => part.resolve('partial') });
  const first = firstOf([part, new Deferred<string>()]);
  first.cancel();
  expect(first.peek()).toEqual({ state: 'fulfilled', value: 'partial' });
});
