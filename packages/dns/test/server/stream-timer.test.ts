import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { type StreamActivity, StreamTimer } from '../../src/server/stream-timer.ts';

const limits = { idleTimeoutMs: 10_000, transferIdleMs: 3_600_000, transferTimeoutMs: 7_200_000 };

function timing(activity: (now: number) => Partial<StreamActivity>) {
  const { clock } = createTestReactor();
  const ends: { at: number; afterMs: number }[] = [];
  const start = clock.now();
  const timer = new StreamTimer({
    clock,
    limits,
    activity: () => ({
      pendingBytes: 0,
      cloggedAt: undefined,
      transferring: false,
      transferDueAt: Number.POSITIVE_INFINITY,
      waitingForUs: false,
      ...activity(clock.now() - start),
    }),
    timeUp: (afterMs) => void ends.push({ at: clock.now() - start, afterMs }),
  });
  return { clock, ends, timer };
}

test('the last octets of a transfer are no excuse to stay for ever, however slowly they are taken', async () => {
  const { clock, ends } = timing((now) => ({
    pendingBytes: 1_000_000 - now / 1000,
    cloggedAt: 0,
    transferring: true,
  }));
  await clock.elapse(7_199_000);
  expect(ends).toEqual([]);
  await clock.elapse(11_000);
  expect(ends).toMatchObject([{ afterMs: 7_200_000 }]);
  expect(clock.timers).toBe(0);
});

test('answers that are no transfer have six times the idle time to be taken', async () => {
  const pendingBytes = (now: number) => 1_000_000 - now;
  const { clock, ends, timer } = timing((now) => ({
    pendingBytes: pendingBytes(now),
    cloggedAt: 0,
  }));
  timer.sent(1_000_000, 1_000_000);
  await clock.elapse(59_000);
  expect(ends).toEqual([]);
  await clock.elapse(1_000);
  expect(ends).toEqual([{ at: 60_000, afterMs: 60_000 }]);
});

test('what is sent meanwhile does not hide that something was taken, and does not count as that', async () => {
  let pendingBytes = 1000;
  const { clock, ends, timer } = timing(() => ({ pendingBytes, cloggedAt: 0 }));
  timer.sent(1000, pendingBytes);
  await clock.elapse(9_000);
  timer.sent(500, (pendingBytes = 1400));
  await clock.elapse(9_000);
  timer.sent(500, (pendingBytes = 1900));
  expect(ends).toEqual([]);
  await clock.elapse(9_000);
  expect(ends).toEqual([{ at: 19_000, afterMs: 10_000 }]);
});

test('a timer that was stopped says nothing', async () => {
  const { clock, ends, timer } = timing(() => ({}));
  timer.stop();
  await clock.elapse(100_000);
  expect(ends).toEqual([]);
  expect(clock.timers).toBe(0);
});
