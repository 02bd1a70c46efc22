import { expect, test } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { looping } from '../../src/deferred/looping.ts';
import { CancelledError } from '../../src/errors.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { settle } from '../../testing/settle.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';

function setUp(): { clock: VirtualClock; calls: [at: number, skipped: number][] } {
  return { clock: new VirtualClock(new CollectedReports()), calls: [] };
}

test('calls on the grid, after the first slot', () => {
  const { clock, calls } = setUp();
  const loop = looping((skipped) => void calls.push([clock.now(), skipped]), {
    clock,
    everyMs: 10,
  });
  clock.advance(35);
  expect(calls).toEqual([
    [10, 0],
    [20, 0],
    [30, 0],
  ]);
  loop.stop();
  expect(loop.done.peek()).toEqual({ state: 'fulfilled', value: undefined });
  expect(clock.timers).toBe(0);
});

test('now makes the first call at once', () => {
  const { clock, calls } = setUp();
  looping((skipped) => void calls.push([clock.now(), skipped]), { clock, everyMs: 10, now: true });
  expect(calls).toEqual([[0, 0]]);
  clock.advance(10);
  expect(calls).toEqual([
    [0, 0],
    [10, 0],
  ]);
});

test('a slow call is not overlapped; slots that passed are skipped and counted, the grid stays', () => {
  const { clock, calls } = setUp();
  let pending = new Deferred<void>();
  looping(
    (skipped) => {
      calls.push([clock.now(), skipped]);
      return pending;
    },
    { clock, everyMs: 10 },
  );
  clock.advance(37);
  expect(calls).toEqual([[10, 0]]);
  const first = pending;
  pending = new Deferred<void>();
  first.resolve();
  clock.advance(3);
  expect(calls).toEqual([
    [10, 0],
    [40, 2],
  ]);
});

test('a call that ends exactly on a slot waits for the next one', () => {
  const { clock, calls } = setUp();
  const pending = new Deferred<void>();
  looping(
    (skipped) => {
      calls.push([clock.now(), skipped]);
      return calls.length === 1 ? pending : undefined;
    },
    { clock, everyMs: 10 },
  );
  clock.advance(20);
  pending.resolve();
  clock.advance(10);
  expect(calls).toEqual([
    [10, 0],
    [30, 1],
  ]);
});

test('a timer that fires a little early does not call the same slot twice', () => {
  let time = 0;
  let fire = (): void => undefined;
  const waits: number[] = [];
  const clock = {
    now: () => time,
    callLater(ms: number, call: () => void): never {
      waits.push(ms);
      fire = call;
      return { cancel: () => undefined } as never;
    },
  };
  const skips: number[] = [];
  looping((skipped) => void skips.push(skipped), { clock, everyMs: 10 });
  time = 9.6;
  fire();
  time = 20;
  fire();
  expect(skips).toEqual([0, 0]);
  expect(waits).toEqual([10, 10.4, 10]);
});

test('an error ends it, thrown or rejected', () => {
  const boom = new Error('boom');
  for (const work of [
    () => {
      throw boom;
    },
    () => {
      const failed = new Deferred();
      failed.reject(boom);
      return failed;
    },
  ]) {
    const { clock } = setUp();
    const loop = looping(work, { clock, everyMs: 10 });
    clock.advance(50);
    expect(loop.done.peek()).toEqual({ state: 'rejected', error: boom });
    expect(clock.timers).toBe(0);
  }
});

test('stop waits for the call under way, and nothing follows', () => {
  const { clock, calls } = setUp();
  const pending = new Deferred<void>();
  const loop = looping(
    (skipped) => {
      calls.push([clock.now(), skipped]);
      return pending;
    },
    { clock, everyMs: 10 },
  );
  clock.advance(10);
  loop.stop();
  loop.stop();
  expect(loop.done.peek().state).toBe('pending');
  pending.resolve();
  clock.advance(50);
  expect(loop.done.peek().state).toBe('fulfilled');
  expect(calls).toHaveLength(1);
});

test('stop inside of a call is its last', () => {
  const { clock } = setUp();
  let calls = 0;
  const loop = looping(
    () => {
      calls += 1;
      loop.stop();
    },
    { clock, everyMs: 10 },
  );
  clock.advance(50);
  expect(calls).toBe(1);
  expect(loop.done.peek().state).toBe('fulfilled');
});

test('stopping inside of a call waits for that call, and hears its failure', () => {
  const { clock } = setUp();
  const work = new Deferred<void>();
  const loop = looping(
    () => {
      loop.stop();
      return work;
    },
    { clock, everyMs: 10 },
  );
  clock.advance(50);
  expect(loop.done.peek().state).toBe('pending');
  const boom = new Error('boom');
  work.reject(boom);
  expect(loop.done.peek()).toEqual({ state: 'rejected', error: boom });
  expect(clock.timers).toBe(0);
});

test('a loop that fails unheard is reported', async () => {
  const { clock } = setUp();
  const reports = new CollectedReports();
  const boom = new Error('boom');
  looping(() => Promise.reject(boom), { clock, everyMs: 10, reports, where: 'housekeeping' });
  clock.advance(10);
  await settle();
  expect(reports.problems).toMatchObject([{ where: 'housekeeping', error: { cause: boom } }]);
});

test('cancelling done cancels the call under way', () => {
  const { clock } = setUp();
  let cancelled = false;
  const loop = looping(
    () =>
      new Deferred({
        canceller: () => {
          cancelled = true;
        },
      }),
    { clock, everyMs: 10 },
  );
  clock.advance(10);
  loop.done.cancel();
  expect(cancelled).toBe(true);
  expect(loop.done.peek()).toMatchObject({ error: expect.any(CancelledError) });
  expect(clock.timers).toBe(0);
});

test('the interval must be positive', () => {
  const { clock } = setUp();
  expect(() => looping(() => undefined, { clock, everyMs: 0 })).toThrow(RangeError);
});
