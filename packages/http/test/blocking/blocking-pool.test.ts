import { createTestReactor, type TestReactor } from '@hawser/core/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { BlockingJob } from '../../src/blocking/blocking-job.ts';
import { BlockingPool } from '../../src/blocking/blocking-pool.ts';
import { FakeLane } from './fake-lane.ts';

let reactor: TestReactor;
let lanes: FakeLane[];
let pool: BlockingPool;
let lastId: number;

beforeEach(() => {
  reactor = createTestReactor();
  lanes = [];
  lastId = 0;
  pool = newPool();
});

function newPool({ workers = 1, maxQueue = 2 } = {}): BlockingPool {
  return new BlockingPool({
    reactor,
    makeLane(events) {
      const lane = new FakeLane(events);
      lanes.push(lane);
      return lane;
    },
    workers,
    maxQueue,
    killAfterMs: 50,
  });
}

function place(options: { timeoutMs?: number; queueTimeoutMs?: number } = {}): {
  job: BlockingJob;
  outcome: Promise<string>;
} {
  const { timeoutMs = 0, queueTimeoutMs = 0 } = options;
  lastId += 1;
  const job: BlockingJob = new BlockingJob({
    reactor,
    message: {
      at: 'request',
      id: lastId,
      method: 'GET',
      url: 'http://app.test/',
      fields: [],
      params: {},
      body: new Uint8Array(),
      maxBodyBytes: 1,
    },
    feed: undefined,
    calls: {},
    timeoutMs,
    queueTimeoutMs,
    abandoned: () => pool.abandoned(job),
    ended: () => undefined,
  });
  pool.place(job);
  const outcome = job.answer.then(
    (answer) => String(answer.status),
    (thrown: Error & { code?: string }) => thrown.code ?? thrown.message,
  );
  return { job, outcome };
}

function lane(index = 0): FakeLane {
  const found = lanes[index];
  if (!found) throw new Error(`Cannot use worker ${index} as there are ${lanes.length}`);
  return found;
}

describe('a pool', () => {
  test('makes no worker before it is needed, and no more than allowed', () => {
    pool = newPool({ workers: 2, maxQueue: 9 });
    expect(lanes).toHaveLength(0);
    for (let i = 0; i < 5; i++) place();
    expect(lanes).toHaveLength(2);
  });

  test('makes no second worker for what the first one that starts will do', () => {
    pool = newPool({ workers: 2 });
    place();
    lane().ready();
    lane().done();
    place();
    expect(lanes).toHaveLength(1);
    expect(lane().log).toEqual(['begin 1', 'rest', 'begin 2']);
  });

  test('serves in order, and lets a worker rest when nobody waits', async () => {
    const [first, second] = [place(), place()];
    lane().ready();
    expect(lane().log).toEqual(['begin 1']);
    lane().done();
    expect(lane().log).toEqual(['begin 1', 'begin 2']);
    lane().done();
    expect(lane().log).toEqual(['begin 1', 'begin 2', 'rest']);
    expect([await first.outcome, await second.outcome]).toEqual(['200', '200']);
  });

  test('ignores what a worker says of a request that it no longer has', async () => {
    const first = place();
    lane().ready();
    lane().answer({ at: 'done', id: 7, head: { status: 201, fields: [] } });
    lane().done();
    lane().done();
    expect(await first.outcome).toBe('200');
    expect(pool.busy).toBe(0);
  });

  test('refuses those above the limit', async () => {
    place();
    lane().ready();
    const waits = [place(), place()];
    expect(pool.full).toBe(true);
    expect(await place().outcome).toBe('503');
    lane().done();
    expect(pool.full).toBe(false);
    lane().done();
    lane().done();
    expect(await Promise.all(waits.map(({ outcome }) => outcome))).toEqual(['200', '200']);
  });

  test('refuses who has waited for too long', async () => {
    place();
    lane().ready();
    const late = place({ queueTimeoutMs: 10 });
    reactor.clock.advance(9);
    expect(pool.busy).toBe(2);
    reactor.clock.advance(1);
    expect(await late.outcome).toBe('503');
    expect(pool.busy).toBe(1);
  });
});

describe('a request that is given up', () => {
  test('stops its worker, which then has the next', async () => {
    const { job, outcome } = place();
    lane().ready();
    const next = place();
    job.leave();
    expect(await outcome).toBe('503');
    expect(lane().log).toEqual(['begin 1', 'cancel']);
    lane().answer({ at: 'failed', id: 1, error: cancelled() });
    lane().done();
    expect(await next.outcome).toBe('200');
    reactor.clock.advance(1_000);
    expect(lane().log).toEqual(['begin 1', 'cancel', 'begin 2', 'rest']);
    expect(reactor.reports.problems).toEqual([]);
  });

  test('has its worker ended and replaced when it does not stop', async () => {
    const { outcome } = place({ timeoutMs: 100 });
    lane().ready();
    const next = place();
    reactor.clock.advance(100);
    expect(await outcome).toBe('504');
    reactor.clock.advance(50);
    expect(lane().log).toEqual(['begin 1', 'cancel', 'end']);
    expect(lanes).toHaveLength(1);
    lane().lost();
    // It was we who ended it, so that no pause is needed.
    expect(lanes).toHaveLength(2);
    lane(1).ready();
    lane(1).done();
    expect(await next.outcome).toBe('200');
  });

  test('is told when its handler fails of something else', () => {
    const { job } = place();
    lane().ready();
    job.leave();
    lane().answer({ at: 'failed', id: 1, error: { ...cancelled(), code: 'E_OTHER' } });
    expect(reactor.reports.problems).toMatchObject([{ error: { code: 'E_OTHER' } }]);
  });

  test('leaves a wrong answer without a worker that is ended later', async () => {
    const { outcome } = place();
    lane().ready();
    lane().answer({ at: 'done', id: 1, head: { status: 42, fields: [] } });
    expect(await outcome).toContain('status');
    place();
    reactor.clock.advance(1_000);
    expect(lane().log).toEqual(['begin 1', 'rest', 'begin 2']);
  });
});

describe('a worker that is lost', () => {
  test('is replaced after a pause that grows, up to ten seconds', async () => {
    const pauses: number[] = [];
    for (let i = 0; i < 10; i++) {
      const { outcome } = place();
      const begun = reactor.clock.now();
      while (lanes.length === i) reactor.clock.advance(100);
      pauses.push(reactor.clock.now() - begun);
      lane(i).ready();
      lane(i).lost(new Error('gone'));
      expect(await outcome).toBe('HAWSER_THREAD_LOST');
    }
    expect(pauses).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  test('is replaced at once again after a request went well', () => {
    place();
    lane().ready();
    lane().lost();
    place();
    reactor.clock.advance(100);
    lane(1).ready();
    lane(1).done();
    place();
    lane(1).lost();
    place();
    reactor.clock.advance(99);
    expect(lanes).toHaveLength(2);
    reactor.clock.advance(1);
    expect(lanes).toHaveLength(3);
  });

  test('while it rests is told', () => {
    place();
    lane().ready();
    lane().done();
    lane().lost(new Error('left behind'));
    expect(reactor.reports.problems).toMatchObject([{ error: { message: 'left behind' } }]);
    expect(pool.size).toBe(0);
  });

  test('while it starts lets those who wait go on waiting', async () => {
    const { outcome } = place();
    lane().lost(new Error('no memory'));
    expect(reactor.reports.problems).toMatchObject([{ error: { message: 'no memory' } }]);
    reactor.clock.advance(100);
    lane(1).ready();
    lane(1).done();
    expect(await outcome).toBe('200');
  });
});

describe('a module that cannot be used', () => {
  test('fails those who wait, and who comes before it is tried again', async () => {
    const waits = place();
    lane().unusable(new Error('no such module'));
    expect(lane().log).toEqual(['end']);
    lane().lost();
    expect(await waits.outcome).toBe('no such module');
    expect(await place().outcome).toBe('no such module');
    expect(lanes).toHaveLength(1);
    reactor.clock.advance(100);
    const again = place();
    lane(1).ready();
    lane(1).done();
    expect(await again.outcome).toBe('200');
  });

  test('fails the start, with no worker left', async () => {
    pool = newPool({ workers: 2 });
    const warm = pool.warm();
    expect(lanes).toHaveLength(2);
    lane(0).ready();
    lane(1).unusable(new Error('no such module'));
    lane(1).lost();
    await Promise.resolve();
    await Promise.resolve();
    expect(lane(0).log).toEqual(['rest', 'end']);
    lane(0).lost();
    await expect(warm).rejects.toThrow('no such module');
    expect(pool.size).toBe(0);
  });
});

describe('a worker that cannot be made', () => {
  let refusals: number;

  beforeEach(() => {
    refusals = 0;
    pool = new BlockingPool({
      reactor,
      makeLane(events) {
        if (refusals > 0) {
          refusals -= 1;
          throw new Error('no threads left');
        }
        const made = new FakeLane(events);
        lanes.push(made);
        return made;
      },
      workers: 2,
      maxQueue: 2,
      killAfterMs: 50,
    });
  });

  test('fails the start, with no worker left', async () => {
    refusals = 1;
    await expect(pool.warm()).rejects.toThrow('no threads left');
    expect([pool.size, lanes.length]).toEqual([0, 0]);
  });

  test('is tried again after a pause, for those who wait', async () => {
    refusals = 2;
    const { outcome } = place();
    expect(reactor.reports.problems).toMatchObject([{ error: { message: 'no threads left' } }]);
    reactor.clock.advance(99);
    expect([refusals, lanes.length]).toEqual([1, 0]);
    reactor.clock.advance(1);
    expect([refusals, lanes.length]).toEqual([0, 0]);
    reactor.clock.advance(200);
    lane().ready();
    lane().done();
    expect(await outcome).toBe('200');
  });
});

describe('a request that cannot cross', () => {
  test('fails, and its worker has the next', async () => {
    const next = { first: place(), second: place() };
    const crossing = lane().begin.bind(lane());
    lane().begin = () => {
      lane().begin = crossing;
      throw new Error('no clone');
    };
    lane().ready();
    expect(await next.first.outcome).toBe('no clone');
    expect(lane().log).toEqual(['begin 2']);
    lane().done();
    expect(await next.second.outcome).toBe('200');
    expect(pool.busy).toBe(0);
  });
});

describe('a stop', () => {
  test('while workers start lets the start fail', async () => {
    const warm = pool.warm();
    const stopped = pool.stop();
    lane().lost();
    await stopped;
    await expect(warm).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
  });

  test('is for good: who comes later is refused', async () => {
    await pool.stop();
    expect(await place().outcome).toBe('503');
    expect(lanes).toHaveLength(0);
  });

  test('settles for everybody when the workers are gone', async () => {
    place();
    const settled: string[] = [];
    const both = [
      pool.stop().then(() => settled.push('first')),
      pool.stop().then(() => settled.push('second')),
    ];
    await Promise.resolve();
    expect(settled).toEqual([]);
    expect(lane().log).toEqual(['end']);
    lane().lost();
    await Promise.all(both);
  });
});

describe('a drain', () => {
  test('waits for those who run and those who wait', async () => {
    place();
    lane().ready();
    place();
    let left: number | undefined;
    const drained = pool.drain(1_000).then((number) => {
      left = number;
    });
    lane().done();
    await Promise.resolve();
    expect(left).toBeUndefined();
    lane().done();
    await drained;
    expect(left).toBe(0);
    expect(reactor.clock.timers).toBe(0);
  });

  test('whose deadline is over says at once what is left', async () => {
    reactor.clock.advance(5_000);
    place();
    lane().ready();
    expect(await pool.drain(1_000)).toBe(1);
    expect(reactor.clock.timers).toBe(0);
  });

  test('gives up at the deadline', async () => {
    place();
    lane().ready();
    place();
    const drained = pool.drain(1_000);
    reactor.clock.advance(1_000);
    expect(await drained).toBe(2);
  });
});

function cancelled() {
  return {
    name: 'RequestCancelledError',
    message: 'left',
    stack: undefined,
    code: 'HAWSER_CANCELLED',
    cause: undefined,
    http: undefined,
  };
}
