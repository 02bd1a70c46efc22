import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { fail } from '../../src/deferred/fail.ts';
import { inlineCallbacks } from '../../src/deferred/inline-callbacks.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { CancelledError, TimeoutError } from '../../src/errors.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';

const boom = new Error('boom');

test('waits at each yield and goes on in the turn that settles', () => {
  const source = new Deferred<number>();
  const sum = inlineCallbacks(function* (start: number) {
    const value = yield* source;
    expectTypeOf(value).toEqualTypeOf<number>();
    return start + value + (yield* succeed(1));
  });
  const answer = sum(10);
  expectTypeOf(answer).toEqualTypeOf<Deferred<number>>();
  expect(answer.peek().state).toBe('pending');
  source.resolve(5);
  expect(answer.peek()).toEqual({ state: 'fulfilled', value: 16 });
});

test('yield takes promises, and gives everything else back', async () => {
  const collect = inlineCallbacks(function* () {
    const seen: unknown[] = [];
    seen.push(yield Promise.resolve('promise'));
    seen.push(yield succeed('deferred'));
    seen.push(yield 'plain');
    return seen;
  });
  expect(await collect()).toEqual(['promise', 'deferred', 'plain']);
});

test('an error is thrown at the yield, and what the body throws is the result', () => {
  const mend = inlineCallbacks(function* () {
    try {
      yield fail(boom);
    } catch (error) {
      return error;
    }
    return undefined;
  });
  expect(mend().peek()).toEqual({ state: 'fulfilled', value: boom });
  const pass = inlineCallbacks(function* () {
    yield fail(boom);
  });
  expect(pass().peek()).toEqual({ state: 'rejected', error: boom });
});

test('a thenable whose then throws is thrown at the yield', () => {
  const evil = {
    // oxlint-disable-next-line unicorn/no-thenable -- the point of the test
    get then(): never {
      throw boom;
    },
  };
  const body = inlineCallbacks(function* () {
    yield evil;
  });
  expect(body().peek()).toEqual({ state: 'rejected', error: boom });
});

test('100,000 yields of what is known already do not exhaust the stack', () => {
  const count = inlineCallbacks(function* () {
    let sum = 0;
    for (let i = 0; i < 100_000; i++) sum += yield* succeed(1);
    return sum;
  });
  expect(count().peek()).toEqual({ state: 'fulfilled', value: 100_000 });
});

test('a returned deferred is followed', () => {
  const inner = new Deferred<string>();
  const outer = inlineCallbacks(function* () {
    yield undefined;
    return inner;
  })();
  inner.resolve('in');
  expect(outer.peek()).toEqual({ state: 'fulfilled', value: 'in' });
});

describe('cancel', () => {
  test('cancels what the body waits for and throws CancelledError at the yield', () => {
    const canceller = vi.fn<() => void>();
    const seen: unknown[] = [];
    const answer = inlineCallbacks(function* () {
      try {
        yield new Deferred({ canceller });
      } catch (error) {
        seen.push(error);
        throw error;
      } finally {
        seen.push('cleaned up');
      }
    })();
    answer.cancel('reason');
    expect(canceller).toHaveBeenCalledOnce();
    expect(seen).toEqual([expect.objectContaining({ cause: 'reason' }), 'cleaned up']);
    expect(answer.peek()).toMatchObject({ error: expect.any(CancelledError) });
  });

  test('the body may answer it with a result', () => {
    const answer = inlineCallbacks(function* () {
      try {
        yield new Deferred();
      } catch {
        return 'partial';
      }
      return 'whole';
    })();
    answer.cancel();
    expect(answer.peek()).toEqual({ state: 'fulfilled', value: 'partial' });
  });

  test('reaches through bodies that wait for bodies', () => {
    const canceller = vi.fn<() => void>();
    const inner = inlineCallbacks(function* () {
      yield new Deferred({ canceller });
    });
    const outer = inlineCallbacks(function* () {
      yield inner();
    });
    outer().cancel();
    expect(canceller).toHaveBeenCalledOnce();
  });

  test('a body that waits again goes on by itself, and reports its failure', () => {
    const reports = new CollectedReports();
    const cleanup = new Deferred();
    const answer = inlineCallbacks(
      function* tidy() {
        try {
          yield new Deferred();
        } finally {
          yield cleanup;
        }
      },
      { reports },
    )();
    answer.cancel();
    expect(answer.peek()).toMatchObject({ error: expect.any(CancelledError) });
    expect(cleanup.peek().state).toBe('pending');
    cleanup.reject(boom);
    expect(reports.problems).toEqual([{ where: 'tidy', error: boom }]);
  });

  test('a body that waits again and ends with the cancellation has nothing to report', () => {
    const reports = new CollectedReports();
    const cleanup = new Deferred<void>();
    const answer = inlineCallbacks(
      function* () {
        try {
          yield new Deferred();
        } finally {
          yield cleanup;
        }
      },
      { reports },
    )();
    answer.cancel();
    cleanup.resolve();
    expect(reports.problems).toEqual([]);
  });

  test('by the body itself throws at its next yield', () => {
    const canceller = vi.fn<() => void>();
    const after: string[] = [];
    const start = new Deferred<void>();
    const answer: Deferred<void> = inlineCallbacks(function* () {
      yield start;
      answer.cancel();
      after.push('still running');
      yield new Deferred({ canceller });
      after.push('never');
    })();
    start.resolve();
    expect(after).toEqual(['still running']);
    expect(canceller).toHaveBeenCalledOnce();
  });

  test('a timeout of the result is a TimeoutError, and the body sees the cancellation', () => {
    const clock = new VirtualClock(new CollectedReports());
    let seen: unknown;
    const answer = inlineCallbacks(function* slow() {
      try {
        yield new Deferred();
      } catch (error) {
        seen = error;
        throw error;
      }
    })().timeout(50, clock);
    clock.advance(50);
    expect(seen).toBeInstanceOf(CancelledError);
    expect(answer.peek()).toMatchObject({ error: expect.any(TimeoutError) });
    expect(answer.peek()).toHaveProperty('error.message', 'Cannot finish slow within 50 ms');
  });
});
