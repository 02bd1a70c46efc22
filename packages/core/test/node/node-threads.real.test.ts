import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { currentContext, enter } from '../../src/connection/entry.ts';
import { EntryContext } from '../../src/connection/entry-context.ts';
import { CancelledError, ConnectionError, TimeoutError, UsageError } from '../../src/errors.ts';
import { NodeProcess } from '../../src/node/node-process.ts';
import { NodeThreads, type NodeThreadsOptions } from '../../src/node/node-threads.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { RecordingProcess } from './recording-process.ts';

const jobs = new URL('../fixtures/jobs/arithmetic.ts', import.meta.url);
const plain = new URL('../fixtures/jobs/plain.js', import.meta.url);

let reports: CollectedReports;
let clock: VirtualClock;
let threads: NodeThreads;

beforeEach(() => {
  reports = new CollectedReports();
  clock = new VirtualClock(reports);
  threads = pool();
});

afterEach(async () => {
  await threads.stop();
  if (threads.size + clock.timers > 0) throw new Error('A thread or timer was left behind');
});

function pool(options: NodeThreadsOptions = {}): NodeThreads {
  return new NodeThreads({ clock, reports }, { size: 1, ...options });
}

/** Counts what has begun at 0, and lets it go on at 1. */
function newGate(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8));
}

async function begun(gate: Int32Array, count = 1): Promise<void> {
  await vi.waitFor(() => expect(Atomics.load(gate, 0)).toBe(count), 10_000);
}

function open(gate: Int32Array): void {
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
}

describe('a job', () => {
  test('calls an exported function of a TypeScript module and gives its answer', async () => {
    expect(threads.size).toBe(0);
    expect(await threads.run<number>(jobs, [2, 3], { name: 'add' })).toBe(5);
    expect(await threads.run<number>(jobs.href, [21], { name: 'doubled' })).toBe(42);
    expect(await threads.run(jobs)).toBe(true);
    expect(threads.size).toBe(1);
  });

  test('may be named by an absolute path', async () => {
    expect(await threads.run(plain.pathname, [1, 2], { name: 'add' })).toBe(3);
  });

  test('gets clones: dates, maps and buffers arrive as such', async () => {
    const value = { at: new Date(0), map: new Map([['a', 1n]]), bytes: new Uint8Array([1, 2]) };
    const back = await threads.run(jobs, [value], { name: 'echo' });
    expect(back).toEqual(value);
    expect(back).not.toBe(value);
  });

  test('that waits was given what its arguments were when it was asked for', async () => {
    const gate = newGate();
    const first = threads.run(jobs, [gate], { name: 'blocks' });
    const argument = { value: 1 };
    const second = threads.run(jobs, [argument], { name: 'echo' });
    argument.value = 2;
    await begun(gate);
    open(gate);
    expect(await first).toBe('went on');
    expect(await second).toEqual({ value: 1 });
  });

  test('its error arrives with name, message, code, stack and cause', async () => {
    const error: unknown = await threads.run(jobs, [], { name: 'fails' }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'RangeError',
      message: 'Cannot save',
      code: 'HAWSER_TEST',
      cause: { message: 'the disk is full', code: 'ENOSPC' },
    });
    expect((error as Error).stack).toContain('arithmetic.ts');
    await expect(threads.run(plain, [], { name: 'throwsSeveral' })).rejects.toMatchObject({
      name: 'AggregateError',
      errors: [{ message: 'one', code: 'ONE' }, { message: 'Thrown: [Object: null prototype] {}' }],
    });
    await expect(threads.run(jobs, [], { name: 'throwsText' })).rejects.toThrow(
      'Thrown: just text',
    );
    expect(await threads.run(jobs, [1, 1], { name: 'add' })).toBe(2);
  });

  test('calls back in the context of whoever asked for it', async () => {
    const seen: (string | undefined)[] = [];
    const waiting: PromiseLike<unknown>[] = [];
    for (const label of ['a', 'b']) {
      const guard = { context: new EntryContext(label), failed: expect.unreachable };
      enter(
        guard,
        'test',
        () => {
          const sum = threads.run(jobs, [1, 2], { name: 'add' });
          waiting.push(sum.addCallback(() => void seen.push(currentContext()?.label)));
        },
        undefined,
      );
    }
    await Promise.all(waiting);
    expect(seen).toEqual(['a', 'b']);
  });
});

describe('what cannot cross threads is refused with advice', () => {
  test.each([
    ['a function', () => 1, 'Cannot run a function in a thread as it cannot cross threads: export'],
    [
      'a relative path',
      './job.js',
      'Cannot run "./job.js" in a thread as it is not an absolute URL',
    ],
  ])('%s', async (_, module, message) => {
    const run = threads.run(module as string);
    await expect(run).rejects.toBeInstanceOf(UsageError);
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toMatchObject({ code: 'HAWSER_THREAD_JOB' });
    expect(threads.size).toBe(0);
  });

  test('an argument with a function in it, also while the thread is busy', async () => {
    const code = { code: 'HAWSER_THREAD_JOB' };
    await expect(threads.run(jobs, [{ f: () => 1 }], { name: 'echo' })).rejects.toMatchObject(code);
    const gate = newGate();
    const busy = threads.run(jobs, [gate], { name: 'blocks' });
    await expect(threads.run(jobs, [() => 1], { name: 'echo' })).rejects.toMatchObject(code);
    await begun(gate);
    open(gate);
    await busy;
  });

  test('an answer with a function in it, and a name that is not exported', async () => {
    const code = { code: 'HAWSER_THREAD_JOB' };
    await expect(threads.run(jobs, [], { name: 'answersWithFunction' })).rejects.toMatchObject(
      code,
    );
    await expect(threads.run(jobs, [], { name: 'nothing' })).rejects.toMatchObject(code);
    await expect(threads.run(jobs, [], { name: 'toString' })).rejects.toMatchObject(code);
  });

  test('a module that is not there fails as its import does', async () => {
    const missing = new URL('../fixtures/jobs/missing.js', import.meta.url);
    await expect(threads.run(missing)).rejects.toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
  });
});

describe('limits', () => {
  test('jobs wait for a thread in order, and too many are refused', async () => {
    threads = pool({ maxQueue: 2 });
    const gate = newGate();
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    const first = threads.run(jobs, [gate], { name: 'blocks' }).addCallback(note('first'));
    const second = threads.run(jobs, [1], { name: 'echo' }).addCallback(note('second'));
    const third = threads.run(jobs, [1], { name: 'echo' }).addCallback(note('third'));
    const fourth = threads.run(jobs, [1], { name: 'echo' });
    await expect(fourth).rejects.toBeInstanceOf(ConnectionError);
    await expect(fourth).rejects.toMatchObject({ code: 'HAWSER_THREADS_BUSY' });
    await begun(gate);
    open(gate);
    await Promise.all([first, second, third]);
    expect(order).toEqual(['first', 'second', 'third']);
  });

  test('as many threads as allowed work at the same time', async () => {
    threads = pool({ size: 2 });
    const gate = newGate();
    const both = [1, 2].map(() => threads.run(jobs, [gate], { name: 'blocks' }));
    await begun(gate, 2);
    expect(threads.size).toBe(2);
    open(gate);
    Atomics.notify(gate, 1);
    await Promise.all(both);
  });

  test('a job that takes too long ends its thread, and the next job gets another', async () => {
    const gate = newGate();
    const before = await threads.run<number>(jobs, [], { name: 'whichThread' });
    const endless = threads.run(jobs, [gate], { name: 'spins', timeoutMs: 1_000 });
    const next = threads.run<number>(jobs, [], { name: 'whichThread' });
    await begun(gate);
    clock.advance(1_000);
    await expect(endless).rejects.toBeInstanceOf(TimeoutError);
    expect(await next).not.toBe(before);
    expect(reports.problems).toEqual([]);
  });

  test('the time of a job runs while it waits', async () => {
    const gate = newGate();
    const busy = threads.run(jobs, [gate], { name: 'blocks', timeoutMs: 0 });
    const waiting = threads.run(jobs, [1], { name: 'echo' });
    clock.advance(30_000);
    await expect(waiting).rejects.toBeInstanceOf(TimeoutError);
    await begun(gate);
    open(gate);
    expect(await busy).toBe('went on');
  });

  test('idle threads end after a while', async () => {
    threads = pool({ idleMs: 1 });
    await threads.run(jobs, [1], { name: 'echo' });
    await vi.waitFor(() => expect(threads.size).toBe(0), 10_000);
    expect(await threads.run(jobs, [1], { name: 'echo' })).toBe(1);
  });
});

test('what a module posts by itself is not taken for an answer', async () => {
  const said = { id: 2, at: 'done', value: 'forged' };
  expect(await threads.run(plain, [said], { name: 'posts' })).toBe('answered');
  expect(await threads.run(plain, [null], { name: 'posts' })).toBe('answered');
  expect(await threads.run(plain, [1, 2], { name: 'add' })).toBe(3);
});

test('jobs do not wait for threads that cannot be made', async () => {
  const options: { size: number; execArgv?: string[] } = { size: 1 };
  threads = new NodeThreads({ clock, reports }, options);
  const exits = threads.run(jobs, [], { name: 'exits' });
  const waiting = threads.run(plain, [1, 2], { name: 'add' });
  options.execArgv = ['--title=no-thread-has-this-flag'];
  await expect(exits).rejects.toMatchObject({ code: 'HAWSER_THREAD_LOST' });
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_WORKER_INVALID_EXEC_ARGV' });
});

describe('cancelling', () => {
  test('a job ends the thread that is busy with it', async () => {
    const gate = newGate();
    const endless = threads.run(jobs, [gate], { name: 'spins' });
    await begun(gate);
    endless.cancel('not wanted');
    await expect(endless).rejects.toBeInstanceOf(CancelledError);
    expect(await threads.run(jobs, [1, 2], { name: 'add' })).toBe(3);
  });

  test('a job that waits takes it out of the queue', async () => {
    threads = pool({ maxQueue: 1 });
    const gate = newGate();
    const busy = threads.run(jobs, [gate], { name: 'blocks' });
    const controller = new AbortController();
    const waiting = threads.run(jobs, [1], { name: 'echo', signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    const other = threads.run(jobs, [2], { name: 'echo' });
    await begun(gate);
    open(gate);
    expect([await busy, await other]).toEqual(['went on', 2]);
  });

  test('stop cancels what runs and what waits, and settles when the threads are gone', async () => {
    const gate = newGate();
    const running = threads.run(jobs, [gate], { name: 'spins' });
    const waiting = threads.run(jobs, [1], { name: 'echo' });
    await begun(gate);
    const stopped = threads.stop();
    await expect(running).rejects.toBeInstanceOf(CancelledError);
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    await stopped;
    expect(threads.size).toBe(0);
    expect(await threads.run(jobs, [1], { name: 'echo' })).toBe(1);
  });
});

describe('a thread that ends under its job', () => {
  test('by process.exit fails that job alone', async () => {
    const exits = threads.run(jobs, [], { name: 'exits' });
    const next = threads.run(jobs, [1, 2], { name: 'add' });
    await expect(exits).rejects.toMatchObject({ code: 'HAWSER_THREAD_LOST' });
    expect(await next).toBe(3);
    expect(reports.problems).toEqual([]);
  });

  test('by running out of memory fails that job alone', async () => {
    threads = pool({ maxHeapMb: 16 });
    const hungry = threads.run(jobs, [], { name: 'eatsMemory' });
    const next = threads.run(jobs, [1, 2], { name: 'add' });
    await expect(hungry).rejects.toMatchObject({
      code: 'HAWSER_THREAD_LOST',
      cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' },
    });
    expect(await next).toBe(3);
  });

  test('by what an earlier job left behind is reported', async () => {
    expect(await threads.run(jobs, [], { name: 'leavesTimer' })).toBe('answered');
    await vi.waitFor(() => expect(threads.size).toBe(0), 10_000);
    expect(reports.problems).toMatchObject([
      { where: 'threads', error: { message: 'left behind' } },
    ]);
  });
});

test('threads take the flags of the process, or those given', async () => {
  expect(await threads.run(plain, [], { name: 'flags' })).toEqual(process.execArgv);
  const flagged = pool({ execArgv: ['--no-warnings'] });
  expect(await flagged.run(plain, [], { name: 'flags' })).toEqual(['--no-warnings']);
  await flagged.stop();
});

test('a program under a TypeScript loader runs jobs, and idle threads do not keep it alive', async () => {
  const program = new URL('../fixtures/threads-program.ts', import.meta.url);
  const watched = new RecordingProcess();
  const args = ['--import', 'tsx', '--conditions=@hawser/source', fileURLToPath(program)];
  await new NodeProcess({ clock, reports }).spawn({ command: process.execPath, args }, watched);
  expect(await watched.ended).toEqual({ kind: 'exited', code: 0 });
  expect([watched.out, watched.err]).toEqual(['42\n', '']);
});

test('flags that a thread cannot have fail the job', async () => {
  const run = pool({ execArgv: ['--title=x'] }).run(plain, [], { name: 'flags' });
  await expect(run).rejects.toMatchObject({ code: 'ERR_WORKER_INVALID_EXEC_ARGV' });
});

test('a pool without a thread is refused', () => {
  expect(() => pool({ size: 0 })).toThrow(RangeError);
});
