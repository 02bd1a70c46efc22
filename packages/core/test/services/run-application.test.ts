import { beforeEach, describe, expect, test } from 'vitest';
import type { Reactor } from '../../src/contract/reactor.ts';
import type { DrainReports, Service } from '../../src/contract/service.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { ListenError } from '../../src/errors.ts';
import { group } from '../../src/services/group.ts';
import type { MakeServices } from '../../src/services/made-services.ts';
import { resourceService } from '../../src/services/resource-service.ts';
import { exitCodeOf, runApplication } from '../../src/services/run-application.ts';
import type { ShutdownReport } from '../../src/services/shut-down.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';
import { never, recordingService } from './recording-service.ts';

let log: string[];
let lines: string[];
let complaints: string[];
let reports: ShutdownReport[];
let reactor: TestReactor;

beforeEach(() => {
  log = [];
  lines = [];
  complaints = [];
  reports = [];
  reactor = createTestReactor();
});

/** Runs `service` until everything has settled. */
async function begin(
  service: Service | MakeServices,
  graceMs = 1_000,
): Promise<{ readonly exit: Promise<number> }> {
  const exit = runApplication(service, {
    reactor,
    graceMs,
    announce: (line) => void lines.push(line),
    complain: (line) => void complaints.push(line),
    stopped: (report) => void reports.push(report),
  });
  await reactor.clock.settle();
  return { exit };
}

test('announces each listener, and stops in four phases with a barrier over the whole tree', async () => {
  for (const phase of ['quiesce', 'drain', 'stop', 'flush'] as const) {
    reactor.lifecycle.onPhase(phase, (deadline) => void log.push(`${phase} listener ${deadline}`));
  }
  const slowQuiesce: Partial<Service> = {
    quiesce: () =>
      new Promise<void>((done) => {
        reactor.clock.callLater(50, () => {
          log.push('b quiesce');
          done();
        });
      }),
  };
  const tree = group(
    'tree',
    recordingService('a', log),
    group('inner', recordingService('b', log, slowQuiesce)),
  );
  const { exit } = await begin(tree);
  expect(lines).toEqual(['tcp://a', 'tcp://b']);
  reactor.lifecycle.raise('SIGTERM');
  expect(reactor.lifecycle.stopping.aborted).toBe(true);
  await reactor.clock.elapse(50);
  expect(await exit).toBe(0);
  expect(log).toEqual([
    'a start',
    'b start',
    'a quiesce',
    'b quiesce',
    'quiesce listener 1000',
    'a drain',
    'b drain',
    'drain listener 1000',
    'b stop',
    'a stop',
    'stop listener 1000',
    'flush listener 1000',
  ]);
  expect(lines.slice(2)).toEqual([
    'Stopping, at most 1 seconds; a second signal stops now',
    'a: 1 finished, 0 aborted',
    'b: 1 finished, 0 aborted',
    'Stopped',
  ]);
  expect(reactor.reports.problems).toEqual([]);
  expect(reactor.clock.timers).toBe(0);
  expect(reactor.lifecycle.signalListeners).toBe(0);
});

test('requestStop stops it as well', async () => {
  const { exit } = await begin(recordingService('a', log));
  reactor.lifecycle.requestStop();
  expect(await exit).toBe(0);
  expect(log).toEqual(['a start', 'a quiesce', 'a drain', 'a stop']);
});

test('a stop that was requested before it began keeps it from starting', async () => {
  reactor.lifecycle.requestStop();
  const { exit } = await begin(recordingService('a', log));
  expect(await exit).toBe(0);
  expect(log).toEqual([]);
});

describe('signals', () => {
  test('a second one skips to the stop phase and keeps what the drain still says', async () => {
    const drained = new Deferred<{ web: { finished: number; aborted: number } }>();
    const web = recordingService('web', log, {
      drain: () => drained,
      async stop() {
        log.push('web stop');
        drained.resolve({ web: { finished: 0, aborted: 5 } });
      },
    });
    const { exit } = await begin(web);
    reactor.lifecycle.raise('SIGINT');
    await reactor.clock.settle();
    expect(log).toEqual(['web start', 'web quiesce']);
    reactor.lifecycle.raise('SIGINT');
    expect(await exit).toBe(0);
    expect(log).toEqual(['web start', 'web quiesce', 'web stop']);
    expect(lines).toContain('web: 0 finished, 5 aborted');
    expect(reactor.reports.problems).toEqual([]);
    expect(reactor.clock.timers).toBe(0);
  });

  test('a third one gives up with 130', async () => {
    const { exit } = await begin(recordingService('a', log, { drain: never, stop: never }));
    for (let i = 0; i < 3; i++) {
      reactor.lifecycle.raise('SIGINT');
      await reactor.clock.settle();
    }
    expect(await exit).toBe(130);
    expect(reactor.lifecycle.signalListeners).toBe(0);
  });

  test('one during the start rolls it back and exits cleanly', async () => {
    const slow = new Deferred<void>();
    const stuck = recordingService('b', log, {
      start: () => slow,
      stop: async () => slow.cancel(),
    });
    const { exit } = await begin(group(recordingService('a', log), stuck));
    reactor.lifecycle.raise('SIGINT');
    expect(await exit).toBe(0);
    expect(log).toEqual(['a start', 'a stop']);
    expect(complaints).toEqual([]);
  });
});

describe('services made by a function', () => {
  test('get the reactor, start in order and stop in phases', async () => {
    let seen: Reactor | undefined;
    const { exit } = await begin((given) => {
      seen = given;
      return [recordingService('a', log), recordingService('b', log)];
    });
    expect(seen).toBe(reactor);
    expect(lines).toEqual(['tcp://a', 'tcp://b']);
    reactor.lifecycle.raise('SIGTERM');
    expect(await exit).toBe(0);
    expect(log).toEqual([
      'a start',
      'b start',
      'a quiesce',
      'b quiesce',
      'a drain',
      'b drain',
      'b stop',
      'a stop',
    ]);
    expect(lines).toContain('b: 1 finished, 0 aborted');
  });

  test('may be one, and may take their time', async () => {
    const { exit } = await begin(async () => recordingService('a', log));
    reactor.lifecycle.requestStop();
    expect(await exit).toBe(0);
    expect(log).toEqual(['a start', 'a quiesce', 'a drain', 'a stop']);
  });

  test('are not waited for once the application is to stop', async () => {
    const { exit } = await begin(never);
    reactor.lifecycle.raise('SIGINT');
    expect(await exit).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('are stopped all the same when they are made too late', async () => {
    let made: (services: readonly Service[]) => void = () => undefined;
    const { exit } = await begin(() => new Promise((resolve) => void (made = resolve)));
    reactor.lifecycle.raise('SIGINT');
    expect(await exit).toBe(0);
    const bug = new Error('not open');
    made([
      resourceService('database', () => void log.push('database closed')),
      recordingService('a', log, { stop: () => Promise.reject(bug) }),
      recordingService('b', log),
    ]);
    await reactor.clock.settle();
    expect(log).toEqual(['b stop', 'database closed']);
    expect(reactor.reports.problems).toEqual([{ where: 'a.stop', error: bug }]);
  });

  test('may fail to be made when nobody waits any more', async () => {
    let failed: (error: Error) => void = () => undefined;
    const { exit } = await begin(() => new Promise((_, reject) => void (failed = reject)));
    reactor.lifecycle.raise('SIGINT');
    expect(await exit).toBe(0);
    failed(new Error('interrupted'));
    await reactor.clock.settle();
    expect([complaints, reactor.reports.problems]).toEqual([[], []]);
  });

  test('that fail to be made, or to start, are a failed start', async () => {
    const bug = new TypeError('undefined is not a function');
    const throwing = await begin(() => {
      throw bug;
    });
    expect(await throwing.exit).toBe(70);
    expect(complaints).toEqual(['Cannot start application: undefined is not a function']);
    expect(reactor.reports.problems).toEqual([{ where: 'application.start', error: bug }]);
    const failing = recordingService('b', log, { start: () => Promise.reject(bug) });
    const { exit } = await begin(() => [recordingService('a', log), failing]);
    expect(await exit).toBe(70);
    expect(log).toEqual(['a start', 'a stop']);
  });

  test('must be services', async () => {
    for (const wrong of [undefined, [undefined], {}, () => undefined]) {
      const { exit } = await begin(() => wrong as unknown as Service);
      expect(await exit).toBe(64);
    }
    expect(complaints[0]).toBe(
      'Cannot start as the function that makes services must give a service or a list of them: undefined',
    );
    expect(complaints).toHaveLength(4);
    expect(reactor.reports.problems).toEqual([]);
  });

  test('are not made of a function that is a service itself', async () => {
    const service = recordingService('a', log);
    const handler = Object.assign(() => expect.unreachable(), {
      start: () => service.start(reactor),
      stop: () => service.stop(),
    });
    const { exit } = await begin(handler);
    reactor.lifecycle.requestStop();
    expect(await exit).toBe(0);
    expect(log).toEqual(['a start', 'a stop']);
  });
});

describe('a start that fails', () => {
  test('complains in one line and gives the exit code of the error', async () => {
    const message = 'Cannot listen on tcp://127.0.0.1:5353: the address is in use';
    const taken = new ListenError('HAWSER_ADDRESS_IN_USE', message);
    const failing = recordingService('b', log, { start: () => Promise.reject(taken) });
    const { exit } = await begin(group(recordingService('a', log), failing));
    expect(await exit).toBe(69);
    expect(complaints).toEqual([message]);
    expect(lines).toEqual([]);
    expect(log).toEqual(['a start', 'a stop']);
    expect(reactor.reports.problems).toEqual([]);
  });

  test('by a mistake of the program is reported with its stack and gives 70', async () => {
    const bug = new TypeError('undefined is not a function');
    const buggy = recordingService('buggy', log, {
      start() {
        throw bug;
      },
    });
    const { exit } = await begin(buggy);
    expect(await exit).toBe(70);
    expect(complaints).toEqual(['Cannot start buggy: undefined is not a function']);
    expect(reactor.reports.problems).toEqual([{ where: 'buggy.start', error: bug }]);
  });
});

describe('a stop that is not clean', () => {
  test('a drain that never ends is given up after the deadline and a margin', async () => {
    const { exit } = await begin(recordingService('a', log, { drain: never }));
    reactor.lifecycle.raise('SIGTERM');
    await reactor.clock.elapse(6_000);
    expect(await exit).toBe(70);
    expect(log).toEqual(['a start', 'a quiesce', 'a stop']);
    expect(reactor.reports.problems).toMatchObject([
      { where: 'shutdown.drain', error: { code: 'HAWSER_TIMEOUT' } },
    ]);
  });

  test('a phase that fails is reported, and the rest still happens', async () => {
    const boom = new Error('boom');
    const fail = (): never => {
      throw boom;
    };
    reactor.lifecycle.onPhase('flush', () => void log.push('flushed'));
    const { exit } = await begin(recordingService('a', log, { quiesce: fail, stop: fail }));
    reactor.lifecycle.raise('SIGTERM');
    expect(await exit).toBe(70);
    expect(log).toEqual(['a start', 'a drain', 'flushed']);
    expect(reactor.reports.problems).toEqual([
      { where: 'shutdown.quiesce', error: boom },
      { where: 'shutdown.stop', error: boom },
    ]);
  });
});

describe('the report', () => {
  test('adds up how connections ended, and says how long it took', async () => {
    const drain = (finished: number, aborted: number) => () =>
      new Promise<DrainReports>((done) => {
        reactor.clock.callLater(300, () =>
          done({ web: { finished, aborted }, dns: { finished: 1, aborted: 0 } }),
        );
      });
    const { exit } = await begin(
      group(
        recordingService('a', log, { drain: drain(200, 0) }),
        recordingService('b', log, { drain: drain(3, 2) }),
      ),
    );
    reactor.lifecycle.raise('SIGTERM');
    await reactor.clock.elapse(300);
    // Who was cut off is in the report; the process itself did what it was told.
    expect(await exit).toBe(0);
    expect(reports).toEqual([
      {
        drained: { web: { finished: 203, aborted: 2 }, dns: { finished: 2, aborted: 0 } },
        finished: 205,
        aborted: 2,
        durationMs: 300,
        forced: false,
        failures: 0,
        clean: false,
      },
    ]);
    expect(lines.slice(-3)).toEqual([
      'web: 203 finished, 2 aborted',
      'dns: 2 finished, 0 aborted',
      'Stopped',
    ]);
  });

  test('is clean when all finished and nothing failed', async () => {
    const { exit } = await begin(recordingService('a', log));
    reactor.lifecycle.raise('SIGTERM');
    await exit;
    expect(reports).toMatchObject([{ finished: 1, aborted: 0, failures: 0, clean: true }]);
  });

  test('counts phases that failed, and says when it was forced', async () => {
    const fail = (): never => {
      throw new Error('boom');
    };
    const { exit } = await begin(recordingService('a', log, { drain: never, stop: fail }));
    reactor.lifecycle.raise('SIGTERM');
    await reactor.clock.settle();
    reactor.lifecycle.raise('SIGTERM');
    expect(await exit).toBe(70);
    expect(reports).toMatchObject([{ forced: true, failures: 1, clean: false }]);
  });
});

test('SIGHUP is for whoever wants it, and does not stop anything', async () => {
  const reload = reactor.lifecycle.onSignal('SIGHUP', () => void log.push('reload'));
  const { exit } = await begin(recordingService('a', log));
  reactor.lifecycle.raise('SIGHUP');
  reactor.lifecycle.raise('SIGHUP');
  reload[Symbol.dispose]();
  reactor.lifecycle.raise('SIGHUP');
  await reactor.clock.settle();
  expect(log).toEqual(['a start', 'reload', 'reload']);
  reactor.lifecycle.requestStop();
  await exit;
});

test('exitCodeOf knows sysexits codes, and 70 for the rest', () => {
  expect(exitCodeOf(new ListenError('HAWSER_LISTEN', 'x'))).toBe(69);
  expect(exitCodeOf(new Error('x'))).toBe(70);
  expect(exitCodeOf(undefined)).toBe(70);
});
