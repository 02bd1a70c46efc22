import { currentContext, EntryContext, Simulation } from '@hawser/core';
import { CollectedReports, SeededRandom, VirtualClock } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { DeadlineQueue, type Waiting } from '../../src/server/deadline-queue.ts';

const NEVER = Number.POSITIVE_INFINITY;

function setUp(): { clock: VirtualClock; queue: DeadlineQueue } {
  const clock = new VirtualClock(new CollectedReports());
  return { clock, queue: DeadlineQueue.of(clock) };
}

function waiting(look: (now: number) => void): Waiting & { readonly failures: unknown[] } {
  const failures: unknown[] = [];
  return {
    context: new EntryContext('connection', 1),
    dueAt: NEVER,
    place: 0,
    look,
    failures,
    failed: (_, thrown) => void failures.push(thrown),
  };
}

test('each looks at its time, in the order of the times, whoever was armed, moved or cancelled', () => {
  const random = new SeededRandom(7);
  const { clock, queue } = setUp();
  const looked: [due: number, at: number][] = [];
  const due = new Map<Waiting, number>();
  const all = Array.from({ length: 200 }, () => {
    const each = waiting((now) => looked.push([due.get(each) ?? NEVER, now]));
    return each;
  });
  for (let i = 0; i < 1_000; i++) {
    const each = all[random.below(all.length)] as Waiting;
    const at = 1 + random.below(5_000);
    if (random.float() < 0.3) {
      queue.cancel(each);
      due.delete(each);
    } else {
      queue.arm(each, at, 0);
      due.set(each, Math.min(at, due.get(each) ?? NEVER));
    }
  }
  clock.advance(5_000);
  const expected = [...due.values()].sort((a, b) => a - b);
  expect(expected.length).toBeGreaterThan(50);
  expect(looked.map(([at]) => at)).toEqual(expected);
  expect(looked.every(([at, now]) => at === now)).toBe(true);
  expect(clock.timers).toBe(0);
});

test('one that waits again for what is past looks in a later turn', () => {
  const { clock, queue } = setUp();
  const times: number[] = [];
  const each = waiting((now) => {
    times.push(now);
    if (times.length < 3) queue.arm(each, 0, now);
  });
  queue.arm(each, 10, 0);
  clock.advance(100);
  expect(times).toEqual([10, 11, 12]);
});

test('a later time leaves an earlier one as it is', () => {
  const { clock, queue } = setUp();
  const times: number[] = [];
  const each = waiting((now) => times.push(now));
  queue.arm(each, 10, 0);
  queue.arm(each, 20, 0);
  clock.advance(100);
  expect(times).toEqual([10]);
});

test('a throw reaches the one whose it is, and nobody else waits longer for it', () => {
  const { clock, queue } = setUp();
  const times: number[] = [];
  const broken = waiting(() => {
    throw new Error('mine');
  });
  const other = waiting((now) => times.push(now));
  queue.arm(broken, 10, 0);
  queue.arm(other, 10, 0);
  clock.advance(10);
  expect(broken.failures).toEqual([new Error('mine')]);
  expect(times).toEqual([10]);
});

test('each looks in its own context', () => {
  const { clock, queue } = setUp();
  const contexts: unknown[] = [];
  const [one, other] = [1, 2].map(() => waiting(() => contexts.push(currentContext())));
  queue.arm(other as Waiting, 10, 0);
  queue.arm(one as Waiting, 10, 0);
  clock.advance(10);
  expect(new Set(contexts)).toEqual(new Set([one?.context, other?.context]));
});

test('no timer is left when nobody waits', () => {
  const { clock, queue } = setUp();
  const [one, other] = [1, 2].map(() => waiting(() => undefined));
  queue.arm(one as Waiting, 10, 0);
  queue.arm(other as Waiting, 20, 0);
  expect(clock.timers).toBe(1);
  queue.cancel(one as Waiting);
  queue.cancel(other as Waiting);
  queue.cancel(other as Waiting);
  expect(clock.timers).toBe(0);
});

test('after the crash of a simulated host only those of its next life are told', () => {
  const sim = new Simulation({ seed: 1 });
  const { clock } = sim.host('server');
  const queue = DeadlineQueue.of(clock);
  const told: string[] = [];
  const before = waiting(() => told.push('before'));
  queue.arm(before, 10, 0);
  sim.crash('server');
  sim.restart('server');
  queue.arm(
    waiting(() => told.push('after')),
    20,
    0,
  );
  queue.cancel(before);
  sim.sync.advance(100);
  expect(told).toEqual(['after']);
});
