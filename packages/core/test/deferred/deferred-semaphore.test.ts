import { describe, expect, test } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { DeferredLock } from '../../src/deferred/deferred-lock.ts';
import { DeferredSemaphore } from '../../src/deferred/deferred-semaphore.ts';
import { CancelledError } from '../../src/errors.ts';

const boom = new Error('boom');

describe('a semaphore', () => {
  test('lets so many in, and the others in order as tokens come back', async () => {
    const semaphore = new DeferredSemaphore({ tokens: 2 });
    const [a, b, c, d] = [1, 2, 3, 4].map(() => semaphore.acquire());
    expect([a, b, c, d].map((each) => each?.peek().state)).toEqual([
      'fulfilled',
      'fulfilled',
      'pending',
      'pending',
    ]);
    expect([semaphore.free, semaphore.waiting]).toEqual([0, 2]);
    const held = (await b) as Disposable;
    held[Symbol.dispose]();
    expect([c, d].map((each) => each?.peek().state)).toEqual(['fulfilled', 'pending']);
    held[Symbol.dispose]();
    expect(d?.peek().state, 'a token comes back once').toBe('pending');
  });

  test('a cancelled waiter is skipped', async () => {
    const semaphore = new DeferredSemaphore({ tokens: 1 });
    const held = await semaphore.acquire();
    const [gone, next] = [semaphore.acquire(), semaphore.acquire()];
    gone.cancel();
    expect(gone.peek()).toMatchObject({ error: expect.any(CancelledError) });
    held[Symbol.dispose]();
    expect(next.peek().state).toBe('fulfilled');
    expect(semaphore.waiting).toBe(0);
  });

  test('one waiter too many throws at once', () => {
    const semaphore = new DeferredSemaphore({ tokens: 1, maxWaiting: 1 });
    void semaphore.acquire();
    void semaphore.acquire();
    expect(() => semaphore.acquire()).toThrow(expect.objectContaining({ code: 'HAWSER_QUEUE' }));
    expect(() => semaphore.run(() => 1)).toThrow(expect.objectContaining({ code: 'HAWSER_QUEUE' }));
  });

  test('10,000 waiters that are done at once do not exhaust the stack', async () => {
    const semaphore = new DeferredSemaphore({ tokens: 1 });
    const held = await semaphore.acquire();
    const order: number[] = [];
    for (let i = 0; i < 10_000; i++) void semaphore.run(() => order.push(i));
    held[Symbol.dispose]();
    expect(order).toHaveLength(10_000);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect([semaphore.free, semaphore.waiting]).toEqual([1, 0]);
  });

  test('who asks while others wait cannot jump the line', async () => {
    const semaphore = new DeferredSemaphore({ tokens: 1 });
    const held = await semaphore.acquire();
    const order: string[] = [];
    void semaphore.run(() => {
      order.push('first');
      void semaphore.run(() => order.push('late'));
    });
    void semaphore.run(() => order.push('second'));
    held[Symbol.dispose]();
    expect(order).toEqual(['first', 'second', 'late']);
  });

  test('needs a token', () => {
    expect(() => new DeferredSemaphore({ tokens: 0 })).toThrow(RangeError);
  });
});

describe('run', () => {
  test('gives the result and lets the next one in, whatever the work is', async () => {
    const lock = new DeferredLock();
    expect(lock.run(() => 1).peek()).toEqual({ state: 'fulfilled', value: 1 });
    expect(await lock.run(async () => 2)).toBe(2);
    expect(lock.run(() => new Deferred<number>()).peek().state).toBe('pending');
    expect(lock.locked).toBe(true);
  });

  test('a failure lets the next one in as well', async () => {
    const lock = new DeferredLock();
    const thrown = lock.run(() => {
      throw boom;
    });
    expect(thrown.peek()).toEqual({ state: 'rejected', error: boom });
    await expect(lock.run(() => Promise.reject(boom))).rejects.toBe(boom);
    expect(lock.locked).toBe(false);
  });

  test('work never overlaps, in the order it was asked for', async () => {
    const lock = new DeferredLock();
    const log: string[] = [];
    const gates = [new Deferred<void>(), new Deferred<void>()];
    const runs = gates.map((gate, i) =>
      lock.run(() => {
        log.push(`start ${i}`);
        return gate.addCallback(() => log.push(`end ${i}`));
      }),
    );
    gates[1]?.resolve();
    expect(log).toEqual(['start 0']);
    gates[0]?.resolve();
    expect(log).toEqual(['start 0', 'end 0', 'start 1', 'end 1']);
    expect(runs.map((each) => each.peek().state)).toEqual(['fulfilled', 'fulfilled']);
  });

  test('cancelling a waiting run never calls its work', () => {
    const lock = new DeferredLock();
    const gate = new Deferred<void>();
    void lock.run(() => gate);
    let called = false;
    lock
      .run(() => {
        called = true;
      })
      .cancel();
    gate.resolve();
    expect(called).toBe(false);
    expect(lock.locked).toBe(false);
  });

  test('cancelling work that is a deferred cancels it and lets the next one in', () => {
    const lock = new DeferredLock();
    const run = lock.run(() => new Deferred());
    run.cancel();
    expect(run.peek()).toMatchObject({ error: expect.any(CancelledError) });
    expect(lock.locked).toBe(false);
  });

  test('cancelling while the work begins ends it and lets the next one in', () => {
    const lock = new DeferredLock();
    const first = lock.acquire();
    const work = new Deferred<void>();
    const run: Deferred<void> = lock.run(() => {
      run.cancel();
      return work;
    });
    void first.addCallback((held) => held[Symbol.dispose]());
    expect([run, work].map((each) => each.peek().state)).toEqual(['rejected', 'rejected']);
    expect(lock.locked).toBe(false);
  });

  test('cancelling work that is a promise keeps the others out until it has ended', async () => {
    const lock = new DeferredLock();
    let finish = (): void => undefined;
    const run = lock.run(() => new Promise<void>((done) => (finish = done)));
    run.cancel();
    expect(run.peek().state).toBe('rejected');
    expect(lock.locked).toBe(true);
    const next = lock.acquire();
    finish();
    await next;
    expect(lock.waiting).toBe(0);
  });
});
