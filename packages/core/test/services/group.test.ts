import { describe, expect, test } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { CancelledError } from '../../src/errors.ts';
import { group } from '../../src/services/group.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';
import { recordingService } from './recording-service.ts';

const reactor = createTestReactor();

test('starts in order and stops in reverse', async () => {
  const log: string[] = [];
  const both = group('both', recordingService('a', log), recordingService('b', log));
  await both.start(reactor);
  await both.stop();
  expect(log).toEqual(['a start', 'b start', 'b stop', 'a stop']);
});

test('waits for one to start before the next', async () => {
  const log: string[] = [];
  const slow = new Deferred<void>();
  const both = group(recordingService('a', log, { start: () => slow }), recordingService('b', log));
  const started = both.start(reactor);
  await reactor.clock.settle();
  expect(log).toEqual([]);
  slow.resolve();
  await started;
  expect(log).toEqual(['b start']);
});

test('a failed start stops those before it, in reverse, and leaves the rest alone', async () => {
  const log: string[] = [];
  const boom = new Error('boom');
  const all = group(
    'all',
    recordingService('a', log),
    recordingService('b', log),
    recordingService('c', log, { start: () => Promise.reject(boom) }),
    recordingService('d', log),
  );
  await expect(all.start(reactor)).rejects.toBe(boom);
  expect(log).toEqual(['a start', 'b start', 'b stop', 'a stop']);
  expect(all.describe?.()).toHaveLength(4);
});

test('starting twice is a mistake; starting again after a stop is not', async () => {
  const log: string[] = [];
  const one = group('one', recordingService('a', log));
  await one.start(reactor);
  await expect(one.start(reactor)).rejects.toMatchObject({
    code: 'HAWSER_SERVICE_STATE',
    message: 'Cannot start service "one": it is running',
  });
  await one.stop();
  await one.stop();
  await one.start(reactor);
  expect(log).toEqual(['a start', 'a stop', 'a start']);
});

test('stopping while it starts stops what is starting and what had started', async () => {
  const log: string[] = [];
  const slow = new Deferred<void>();
  const starting = recordingService('b', log, {
    start: () => slow,
    async stop() {
      log.push('b stop');
      slow.cancel();
    },
  });
  const all = group('all', recordingService('a', log), starting, recordingService('c', log));
  const started = all.start(reactor);
  await reactor.clock.settle();
  await all.stop();
  await expect(started).rejects.toBeInstanceOf(CancelledError);
  expect(log).toEqual(['a start', 'b stop', 'a stop']);
});

test('a service that starts although it was told to stop is stopped again', async () => {
  const log: string[] = [];
  const slow = new Deferred<void>();
  const all = group(
    'all',
    recordingService('a', log, { start: () => slow }),
    recordingService('b', log),
  );
  const started = all.start(reactor);
  const stopped = all.stop();
  slow.resolve();
  await stopped;
  await expect(started).rejects.toThrow('Cannot start "all": it was stopped');
  expect(log).toEqual(['a stop', 'a stop']);
});

describe('while stopping', () => {
  test('drain reports are added up by protocol', async () => {
    const web = { drain: async () => ({ http: { finished: 1, aborted: 2 } }) };
    const all = group(
      'all',
      recordingService('a', [], web),
      group('inner', recordingService('b', [], web)),
      { name: 'plain', start: async () => undefined, stop: async () => undefined },
    );
    await all.start(reactor);
    expect(await all.drain?.(0)).toEqual({ http: { finished: 2, aborted: 4 } });
  });

  test('a failure does not keep the others running, and is not lost', async () => {
    const failing = createTestReactor();
    const log: string[] = [];
    const boom = new Error('boom');
    const fail = (): never => {
      throw boom;
    };
    const all = group(
      'all',
      recordingService('a', log),
      recordingService('b', log, { quiesce: fail, drain: () => Promise.reject(boom), stop: fail }),
    );
    await all.start(failing);
    await expect(all.quiesce?.()).rejects.toBe(boom);
    expect(await all.drain?.(0)).toEqual({ a: { finished: 1, aborted: 0 } });
    await expect(all.stop()).rejects.toBe(boom);
    expect(log).toEqual(['a start', 'b start', 'a quiesce', 'a drain', 'a stop']);
    expect(failing.reports.problems).toEqual([{ where: 'all.drain', error: boom }]);
    await all.stop();
  });

  test('several failures are thrown together', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error('boom'));
    const both = group(
      recordingService('a', [], { stop: fail }),
      recordingService('b', [], { stop: fail }),
    );
    await both.start(reactor);
    await expect(both.stop()).rejects.toMatchObject({ errors: [{}, {}] });
  });
});

test('is named after its services unless it has a name', () => {
  expect(group(recordingService('a', []), recordingService('b', [])).name).toBe('a, b');
  expect(group('web', recordingService('a', [])).name).toBe('web');
});
