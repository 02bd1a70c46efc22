import { expect, test } from 'vitest';
import { DeferredQueue } from '../../src/deferred/deferred-queue.ts';
import { CancelledError, ConnectionError } from '../../src/errors.ts';

test('items wait for takers, in order', () => {
  const queue = new DeferredQueue<number>({ size: 3 });
  for (const item of [1, 2, 3]) queue.put(item);
  expect(queue.length).toBe(3);
  expect([queue.get(), queue.get(), queue.get()].map((each) => each.peek())).toEqual(
    [1, 2, 3].map((value) => ({ state: 'fulfilled', value })),
  );
});

test('takers wait for items, in order, and are served in the turn of the put', () => {
  const queue = new DeferredQueue<string>({ size: 0 });
  const takers = [queue.get(), queue.get()];
  expect(queue.waiting).toBe(2);
  queue.put('a');
  expect(takers.map((each) => each.peek().state)).toEqual(['fulfilled', 'pending']);
  queue.put('b');
  expect(takers[1]?.peek()).toEqual({ state: 'fulfilled', value: 'b' });
});

test('a cancelled taker is skipped', () => {
  const queue = new DeferredQueue<string>({ size: 0 });
  const [first, second] = [queue.get(), queue.get()];
  first.addCallback((item) => item).cancel();
  expect(first.peek()).toMatchObject({ error: expect.any(CancelledError) });
  queue.put('a');
  expect(second.peek()).toEqual({ state: 'fulfilled', value: 'a' });
});

test('one item too many throws at once, and the queue goes on', () => {
  const queue = new DeferredQueue<number>({ size: 1 });
  queue.put(1);
  expect(() => queue.put(2)).toThrow(ConnectionError);
  expect(() => queue.put(2)).toThrow(expect.objectContaining({ code: 'HAWSER_QUEUE' }));
  expect(queue.get().peek()).toEqual({ state: 'fulfilled', value: 1 });
  queue.put(3);
});

test('one taker too many throws at once', () => {
  const queue = new DeferredQueue<number>({ size: 1, backlog: 1 });
  const taker = queue.get();
  expect(() => queue.get()).toThrow(expect.objectContaining({ code: 'HAWSER_QUEUE' }));
  queue.put(1);
  expect(taker.peek()).toEqual({ state: 'fulfilled', value: 1 });
});

test('undefined is an item like any other', () => {
  const queue = new DeferredQueue<undefined>({ size: 1 });
  queue.put(undefined);
  expect(queue.get().peek()).toEqual({ state: 'fulfilled', value: undefined });
});

test('limits must make sense', () => {
  expect(() => new DeferredQueue({ size: -1 })).toThrow(RangeError);
  expect(() => new DeferredQueue({ size: 1, backlog: Number.NaN })).toThrow(RangeError);
});
