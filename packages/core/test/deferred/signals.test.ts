import { expect, test, vi } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { firstOf } from '../../src/deferred/first-of.ts';
import { fromSignal } from '../../src/deferred/from-signal.ts';
import { signalOf } from '../../src/deferred/signal-of.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';

test('fromSignal settles with the reason of the signal, also when it was aborted before', () => {
  const controller = new AbortController();
  const aborted = fromSignal(controller.signal);
  expect(aborted.peek().state).toBe('pending');
  controller.abort('reason');
  expect(aborted.peek()).toEqual({ state: 'fulfilled', value: 'reason' });
  expect(fromSignal(controller.signal).peek()).toEqual({ state: 'fulfilled', value: 'reason' });
});

test('losing a race removes the listener of fromSignal', () => {
  const { signal } = new AbortController();
  const add = vi.spyOn(signal, 'addEventListener');
  const remove = vi.spyOn(signal, 'removeEventListener');
  const work = new Deferred<unknown>();
  void firstOf([work, fromSignal(signal)]);
  work.resolve(1);
  expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]?.[1]);
});

test('signalOf is aborted by a cancellation, with the error as reason', () => {
  const work = new Deferred();
  const signal = signalOf(work);
  expect(signal.aborted).toBe(false);
  work.cancel('enough');
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ code: 'HAWSER_CANCELLED', cause: 'enough' });
});

test('signalOf is aborted by a timeout and by a failure, and by nothing after the value', () => {
  const clock = new VirtualClock(new CollectedReports());
  const slow = new Deferred();
  const slowSignal = signalOf(slow);
  void slow.timeout(10, clock);
  clock.advance(10);
  expect(slowSignal.aborted).toBe(true);
  const done = new Deferred();
  const doneSignal = signalOf(done);
  done.resolve(1);
  done.cancel();
  expect(doneSignal.aborted).toBe(false);
});

test('signalOf ends the work that a deferred follows', async () => {
  let seen: unknown;
  const answer = new Deferred();
  const signal = signalOf(answer);
  answer.resolve(
    new Promise((_, fail) => {
      signal.addEventListener('abort', () => {
        seen = signal.reason;
        fail(signal.reason);
      });
    }),
  );
  answer.cancel();
  expect(seen).toMatchObject({ code: 'HAWSER_CANCELLED' });
});
