import { beforeEach, describe, expect, test } from 'vitest';
import { currentContext } from '../../src/connection/entry.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { timerService } from '../../src/services/timer-service.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

let reactor: TestReactor;
let calls: number[];

beforeEach(() => {
  reactor = createTestReactor();
  calls = [];
});

/** Notes when it was called. */
function note(): void {
  calls.push(reactor.clock.now());
}

test('calls on a grid, until it is stopped', async () => {
  const service = timerService(100, note);
  await service.start(reactor);
  expect(calls).toEqual([]);
  await reactor.clock.elapse(350);
  await service.stop();
  await reactor.clock.elapse(1_000);
  expect(calls).toEqual([100, 200, 300]);
  expect(reactor.clock.timers).toBe(0);
});

test('may begin at the start, and can be started again', async () => {
  const service = timerService(100, note, { now: true });
  await service.start(reactor);
  await service.stop();
  await reactor.clock.elapse(50);
  await service.start(reactor);
  await reactor.clock.elapse(100);
  await service.stop();
  await service.stop();
  expect(calls).toEqual([0, 50, 150]);
});

test('never overlaps: a long call skips the slots it covers', async () => {
  let slow = new Deferred<void>();
  const service = timerService(100, () => {
    note();
    return slow;
  });
  await service.start(reactor);
  await reactor.clock.elapse(450);
  expect(calls).toEqual([100]);
  slow.resolve();
  slow = new Deferred<void>();
  slow.resolve();
  await reactor.clock.elapse(100);
  expect(calls).toEqual([100, 500]);
  await service.stop();
});

test('the stop aborts the signal of the running call and waits for it', async () => {
  const slow = new Deferred<void>();
  let aborted = false;
  const service = timerService(100, (signal) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return slow;
  });
  await service.start(reactor);
  await reactor.clock.elapse(100);
  let stopped = false;
  const stopping = [service.stop(), service.stop()].map(async (stop) => {
    await stop;
    stopped = true;
  });
  await expect(Promise.resolve(service.start(reactor))).rejects.toThrow('it is stopping');
  await reactor.clock.settle();
  expect([aborted, stopped]).toEqual([true, false]);
  slow.resolve();
  await Promise.all(stopping);
  await service.start(reactor);
  await service.stop();
});

describe('a call that fails', () => {
  const boom = new Error('boom');
  const fail = (): never => {
    note();
    throw boom;
  };

  test('is reported, and the calls go on', async () => {
    const service = timerService(100, fail, { name: 'sweep' });
    await service.start(reactor);
    await reactor.clock.elapse(200);
    await service.stop();
    expect(calls).toEqual([100, 200]);
    const problem = { where: 'sweep.work', error: boom };
    expect(reactor.reports.problems).toEqual([problem, problem]);
  });

  test.each([false, true])('ends the calls if told so (at the start: %s)', async (now) => {
    const service = timerService(100, fail, { onError: 'stop', now });
    await service.start(reactor);
    await reactor.clock.elapse(500);
    expect(calls).toEqual([now ? 0 : 100]);
    expect(reactor.reports.problems).toEqual([{ where: 'every 100 ms.work', error: boom }]);
    await service.stop();
    expect(reactor.clock.timers).toBe(0);
  });
});

test('calls run in a context named after the service', async () => {
  let label: string | undefined;
  const service = timerService(
    10,
    () => {
      label = currentContext()?.label;
    },
    { name: 'sweep' },
  );
  await service.start(reactor);
  await reactor.clock.elapse(10);
  await service.stop();
  expect(label).toBe('sweep');
});

test('a period that is not positive is refused', () => {
  expect(() => timerService(0, note)).toThrow(RangeError);
});
