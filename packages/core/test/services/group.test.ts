import { describe, expect, test } from 'vitest';
import { currentContext } from '../../src/connection/entry.ts';
import type { Service } from '../../src/contract/service.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { CancelledError } from '../../src/errors.ts';
import { group, parallel } from '../../src/services/group.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';
import { never, recordingService } from './recording-service.ts';

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

test('a service that does not stop cannot hide why another did not start', async () => {
  const log: string[] = [];
  const boom = new Error('boom');
  const reactor = createTestReactor();
  const all = group(
    'all',
    recordingService('a', log),
    recordingService('b', log, { stop: never }),
    recordingService('c', log, { start: () => Promise.reject(boom) }),
  );
  const started = all.start(reactor);
  started.catch(() => undefined);
  await reactor.clock.elapse(5_000);
  await expect(started).rejects.toBe(boom);
  expect(log).toEqual(['a start', 'b start', 'a stop']);
  expect(reactor.reports.problems).toMatchObject([
    { where: 'all.stop', error: { code: 'HAWSER_TIMEOUT' } },
  ]);
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

describe('a parallel group', () => {
  test('starts all at the same time, and stops all at the same time', async () => {
    const log: string[] = [];
    const slow = new Deferred<void>();
    const both = parallel(
      'both',
      recordingService('a', log, { start: () => slow, stop: () => slow }),
      recordingService('b', log),
    );
    const started = both.start(reactor);
    await reactor.clock.settle();
    expect(log).toEqual(['b start']);
    slow.resolve();
    await started;
    await both.stop();
    expect(log).toEqual(['b start', 'b stop']);
  });

  test('one that fails to start stops those that have started and those that are starting', async () => {
    const log: string[] = [];
    const boom = new Error('boom');
    const slow = new Deferred<void>();
    const all = parallel(
      recordingService('a', log),
      recordingService('b', log, {
        start: () => slow,
        async stop() {
          log.push('b stop');
          slow.cancel();
        },
      }),
      recordingService('c', log, { start: () => Promise.reject(boom) }),
    );
    expect(all.name).toBe('a, b, c');
    await expect(all.start(reactor)).rejects.toBe(boom);
    expect(log.slice().sort()).toEqual(['a start', 'a stop', 'b stop']);
    await all.stop();
  });

  test('a stop while it starts stops all of them', async () => {
    const log: string[] = [];
    const slow = new Deferred<void>();
    const all = parallel(
      recordingService('a', log, { start: () => slow, stop: async () => slow.cancel() }),
      recordingService('b', log),
    );
    const started = all.start(reactor);
    await reactor.clock.settle();
    await all.stop();
    await expect(started).rejects.toBeInstanceOf(CancelledError);
    expect(log).toEqual(['b start', 'b stop']);
  });
});

describe('adding', () => {
  test('to a running group starts the service, and stops it with the others', async () => {
    const log: string[] = [];
    const all = group('all', recordingService('a', log));
    await all.start(reactor);
    await all.add(recordingService('b', log));
    expect(all.services.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(await all.drain(0)).toEqual({
      a: { finished: 1, aborted: 0 },
      b: { finished: 1, aborted: 0 },
    });
    await all.stop();
    expect(log.filter((line) => !line.includes('drain'))).toEqual([
      'a start',
      'b start',
      'b stop',
      'a stop',
    ]);
  });

  test('to a stopped group waits for its start', async () => {
    const log: string[] = [];
    const all = group('all');
    await all.add(recordingService('a', log));
    expect(log).toEqual([]);
    await all.start(reactor);
    expect(log).toEqual(['a start']);
  });

  test('to a group that is starting starts it after the others', async () => {
    const log: string[] = [];
    const slow = new Deferred<void>();
    const all = group('all', recordingService('a', log, { start: () => slow }));
    const started = all.start(reactor);
    const added = all.add(recordingService('b', log));
    await reactor.clock.settle();
    expect(log).toEqual([]);
    slow.resolve();
    await Promise.all([started, added]);
    expect(log).toEqual(['b start']);
  });

  test('to a group whose start fails fails as well, and leaves it out', async () => {
    const log: string[] = [];
    const slow = new Deferred<void>();
    const all = group('all', recordingService('a', log, { start: () => slow }));
    const started = all.start(reactor);
    const added = all.add(recordingService('b', log));
    slow.reject(new Error('boom'));
    await expect(started).rejects.toThrow('boom');
    await expect(added).rejects.toThrow('Cannot add "b": "all" did not start');
    expect(all.services).toHaveLength(1);
    expect(log).toEqual([]);
  });

  test('a service that does not start leaves the group as it was', async () => {
    const log: string[] = [];
    const all = group('all', recordingService('a', log));
    await all.start(reactor);
    const boom = new Error('boom');
    await expect(
      all.add(recordingService('b', log, { start: () => Promise.reject(boom) })),
    ).rejects.toBe(boom);
    expect(all.services).toHaveLength(1);
    await all.stop();
    expect(log).toEqual(['a start', 'a stop']);
  });

  test('a stop meanwhile cancels the start', async () => {
    const log: string[] = [];
    const slow = new Deferred<void>();
    const all = group('all', recordingService('a', log));
    await all.start(reactor);
    const added = all.add(
      recordingService('b', log, { start: () => slow, stop: async () => slow.cancel() }),
    );
    await all.stop();
    await expect(added).rejects.toBeInstanceOf(CancelledError);
    expect(log).toEqual(['a start', 'a stop']);
  });

  test('is refused twice, and while the group winds down', async () => {
    const service = recordingService('a', []);
    const all = group('all', service);
    await all.start(reactor);
    await expect(all.add(service)).rejects.toThrow(
      'Cannot add to "all" the service "a": it is a member already',
    );
    await all.quiesce();
    await expect(all.add(recordingService('b', []))).rejects.toMatchObject({
      code: 'HAWSER_SERVICE_STATE',
      message: 'Cannot add to service "all": it is quiesced',
    });
    await all.stop();
    await all.add(recordingService('b', []));
  });
});

describe('removing', () => {
  test('from a running group stops the service and leaves the others', async () => {
    const log: string[] = [];
    const a = recordingService('a', log);
    const all = group('all', a, recordingService('b', log));
    await all.start(reactor);
    expect(await all.remove(a)).toEqual({});
    expect(await all.remove(a)).toEqual({});
    await all.stop();
    expect(log).toEqual(['a start', 'b start', 'a stop', 'b stop']);
  });

  test('with grace finishes its work first, and says how that went', async () => {
    const log: string[] = [];
    const deadlines: number[] = [];
    const a = recordingService('a', log, {
      async drain(deadline) {
        deadlines.push(deadline - reactor.clock.now());
        return { web: { finished: 3, aborted: 1 } };
      },
    });
    const all = group('all', a);
    await all.start(reactor);
    expect(await all.remove(a, { graceMs: 500 })).toEqual({ web: { finished: 3, aborted: 1 } });
    expect(deadlines).toEqual([500]);
    expect(log).toEqual(['a start', 'a quiesce', 'a stop']);
  });

  test('from a stopped group only takes it out', async () => {
    const log: string[] = [];
    const a = recordingService('a', log);
    const all = group('all', a);
    await all.remove(a);
    await all.start(reactor);
    expect(log).toEqual([]);
  });

  test('waits for a start under way', async () => {
    const log: string[] = [];
    const slow = new Deferred<void>();
    const a = recordingService('a', log, { start: () => slow });
    const all = group('all', a);
    const started = all.start(reactor);
    const removed = all.remove(a);
    slow.resolve();
    await Promise.all([started, removed]);
    expect(log).toEqual(['a stop']);
  });

  test('the stop of the group waits for what is leaving', async () => {
    const log: string[] = [];
    const slow = new Deferred<void>();
    const a = recordingService('a', log, { stop: () => slow });
    const all = group('all', a);
    await all.start(reactor);
    const removed = all.remove(a);
    const stopped = all.stop().then(() => log.push('all stopped'));
    await reactor.clock.settle();
    expect(log).toEqual(['a start']);
    slow.resolve();
    await Promise.all([removed, stopped]);
    expect(log).toEqual(['a start', 'all stopped']);
  });
});

test('hooks run in a context named after their service', async () => {
  const labels: string[] = [];
  const label = (): void => void labels.push(currentContext()?.label ?? 'none');
  const noting: Partial<Service> = {
    start: async () => label(),
    quiesce: async () => label(),
    async drain() {
      label();
      return {};
    },
    stop: async () => label(),
  };
  const all = group('all', recordingService('a', [], noting), recordingService('b', [], noting));
  await all.start(reactor);
  await all.quiesce();
  await all.drain(0);
  await all.stop();
  expect(labels).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'b', 'a']);
});

test('protocols may have any name in a drain report', async () => {
  const web = { drain: async () => ({ constructor: { finished: 1, aborted: 2 } }) };
  const all = group('all', recordingService('a', [], web), recordingService('b', [], web));
  await all.start(reactor);
  expect(Object.entries(await all.drain(0))).toEqual([
    ['constructor', { finished: 2, aborted: 4 }],
  ]);
});
