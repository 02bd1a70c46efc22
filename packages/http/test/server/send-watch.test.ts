import type { Transport } from '@hawser/core';
import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { SendWatch, type SendWatchOptions } from '../../src/server/send-watch.ts';

/** A connection that takes what the test says. */
function watched(options: Partial<SendWatchOptions> = {}) {
  const reactor = createTestReactor();
  const counts = { bytesWritten: 0, pendingBytes: 0 };
  const transport = Object.assign(counts, { reactor }) as unknown as Transport;
  const watch = new SendWatch(transport, { ms: 60_000, minRate: 240, ...options });
  const { clock } = reactor;
  return {
    write: (bytes: number): void => {
      counts.bytesWritten += bytes;
      counts.pendingBytes += bytes;
      watch.written(clock.now());
    },
    take: (bytes: number): void => {
      counts.pendingBytes -= Math.min(bytes, counts.pendingBytes);
    },
    limitRest: (ms: number | undefined): void => watch.limitRest(ms, clock.now()),
    drained: (): void => watch.drained(clock.now()),
    /** When it was found stuck, of as many seconds; `each` happens after each of them. */
    stuckAt: async (
      seconds: number,
      each: (second: number) => void,
    ): Promise<number | undefined> => {
      for (let second = 1; second <= seconds; second++) {
        await clock.elapse(1_000);
        each(second);
        if (watch.isStuck(clock.now())) return second;
      }
      return undefined;
    },
  };
}

test.each([
  ['nothing', 0, 90],
  ['an octet a second', 1, 90],
  ['a little less than it must', 239, 90],
])('a peer that takes %s of what waits is stuck', async (_what, bytes, most) => {
  const { write, take, stuckAt } = watched();
  write(1_000_000);
  const at = await stuckAt(600, () => take(bytes));
  expect(at).toBeGreaterThanOrEqual(60);
  expect(at).toBeLessThanOrEqual(most);
});

test('a peer that takes as much as it must is not stuck', async () => {
  const { write, take, stuckAt } = watched();
  write(1_000_000);
  expect(await stuckAt(3_600, () => take(240))).toBe(undefined);
});

test('a peer that takes it in large steps is not stuck', async () => {
  const { write, take, stuckAt } = watched();
  write(1_000_000);
  expect(await stuckAt(3_000, (second) => take(second % 59 === 0 ? 15_000 : 0))).toBe(undefined);
});

test('what a peer has taken before does not count for ever', async () => {
  const { write, take, stuckAt } = watched();
  write(100_000_000);
  const at = await stuckAt(600, (second) => take(second <= 100 ? 900_000 : 10));
  expect(at).toBeGreaterThanOrEqual(160);
  expect(at).toBeLessThanOrEqual(190);
});

test('whoever writes slowly is not the fault of the peer', async () => {
  const { write, take, stuckAt } = watched();
  let before = 0;
  // It has always taken what there was a second ago, and so there is always something that waits.
  const at = await stuckAt(3_600, () => {
    take(before);
    write(10);
    before = 10;
  });
  expect(at).toBe(undefined);
});

test('a peer that is made to wait with more each time it has taken a little is too slow all the same', async () => {
  const { write, take, drained, stuckAt } = watched();
  write(1_000);
  const at = await stuckAt(600, (second) => {
    if (second % 10 !== 0) return;
    take(1_000);
    drained();
    write(1_000);
  });
  expect(at).toBe(60);
});

test('time in which nothing waited does not count', async () => {
  const { write, take, drained, stuckAt } = watched({ minRate: 1_000 });
  write(10_000);
  // It takes 10 seconds for what it should take in 10; and then it has nothing to do for a while.
  const at = await stuckAt(3_600, (second) => {
    if (second % 25 === 10) {
      take(10_000);
      drained();
    } else if (second % 25 === 0) {
      write(10_000);
    }
  });
  expect(at).toBe(undefined);
});

test('a stream may rest, and is watched again when something waits', async () => {
  const { write, take, stuckAt } = watched();
  expect(await stuckAt(1_000, () => undefined)).toBe(undefined);
  write(50);
  const at = await stuckAt(600, () => undefined);
  expect(at).toBeGreaterThanOrEqual(60);
  expect(at).toBeLessThanOrEqual(90);
  take(50);
});

test('who may not rest has to take something, however little', async () => {
  const { write, take, limitRest, stuckAt } = watched();
  limitRest(2_000);
  const moving = (): void => {
    write(1);
    take(1);
  };
  expect(await stuckAt(100, moving)).toBe(undefined);
  expect(await stuckAt(10, () => undefined)).toBeLessThanOrEqual(3);
});

test('who may not rest and takes a large answer in large steps is not stuck, and one that takes nothing is', async () => {
  const { write, take, limitRest, stuckAt } = watched();
  write(1_000_000);
  limitRest(2_000);
  expect(await stuckAt(500, (second) => take(second % 20 === 0 ? 20_000 : 0))).toBe(undefined);
  const at = await stuckAt(600, () => undefined);
  expect(at).toBeGreaterThanOrEqual(60);
  expect(at).toBeLessThanOrEqual(90);
});

test('who may rest again may do so for any time', async () => {
  const { limitRest, stuckAt } = watched();
  limitRest(2_000);
  limitRest(undefined);
  expect(await stuckAt(1_000, () => undefined)).toBe(undefined);
});

test.each([
  ['as much as it must', 240, undefined],
  ['a little less', 235, 91],
  ['nothing', 0, 91],
])(
  'a peer is asked for what it has acknowledged where the system takes large steps: %s',
  async (_what, rate, expected) => {
    const reactor = createTestReactor();
    const { clock } = reactor;
    // A system that takes a megabyte at a time.
    const transport = { reactor, bytesWritten: 10_000_000, pendingBytes: 9_000_000 };
    const start = clock.now();
    const asks = Object.assign(transport, {
      takenBytes: 1_000_000,
      askUnacknowledged: (heard: (bytes: number) => void): void => {
        clock.callLater(100, () => heard(1_000_000 - (rate * (clock.now() - start)) / 1_000));
      },
    });
    const watch = new SendWatch(asks as unknown as Transport, { ms: 60_000, minRate: 240 });
    let stuckAt: number | undefined;
    for (let second = 1; second <= 1_000 && stuckAt === undefined; second++) {
      await clock.elapse(1_000);
      if (watch.isStuck(clock.now())) stuckAt = second;
    }
    expect(stuckAt).toBe(expected);
  },
);

test('a peer that has acknowledged nothing is stuck though it did before', async () => {
  const reactor = createTestReactor();
  const { clock } = reactor;
  let acknowledged = 0;
  const transport = {
    reactor,
    bytesWritten: 10_000_000,
    pendingBytes: 9_000_000,
    takenBytes: 1_000_000,
    askUnacknowledged: (heard: (bytes: number) => void): void => heard(1_000_000 - acknowledged),
  };
  const watch = new SendWatch(transport as unknown as Transport, { ms: 60_000, minRate: 240 });
  let stuckAt: number | undefined;
  for (let second = 1; second <= 1_000 && stuckAt === undefined; second++) {
    await clock.elapse(1_000);
    if (second <= 300) acknowledged += 1_000;
    if (watch.isStuck(clock.now())) stuckAt = second;
  }
  expect(stuckAt).toBeGreaterThan(330);
  expect(stuckAt).toBeLessThanOrEqual(460);
});
