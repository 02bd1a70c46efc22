import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { currentContext } from '../../src/connection/entry.ts';
import type { ChildProcess, SpawnOptions } from '../../src/contract/process.ts';
import { CancelledError, SpawnError } from '../../src/errors.ts';
import { NodeProcess } from '../../src/node/node-process.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { ended, startProgram } from './programs/started-program.ts';
import { RecordingProcess } from './recording-process.ts';

let reports: CollectedReports;
let clock: VirtualClock;
let processes: NodeProcess;
let watched: RecordingProcess;
let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  reports = new CollectedReports();
  clock = new VirtualClock(reports);
  processes = new NodeProcess({ clock, reports });
  watched = new RecordingProcess();
  folder = await mkdtemp(join(tmpdir(), 'hawser-process-'));
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(folder, { recursive: true, force: true });
  if (clock.timers > 0) throw new Error('A timer was left behind');
});

/** Starts a shell script. */
async function shell(script: string, options: Partial<SpawnOptions> = {}): Promise<ChildProcess> {
  child = await processes.spawn({ command: '/bin/sh', args: ['-c', script], ...options }, watched);
  return child;
}

describe('a child that ends by itself', () => {
  test('gives both outputs apart, and its end last, once', async () => {
    const running = await shell('echo to out; echo to err >&2; exit 3');
    expect(watched.events[0]).toBe('started');
    expect(running.pid).toBeGreaterThan(0);
    expect(await watched.ended).toEqual({ kind: 'exited', code: 3 });
    expect([watched.out, watched.err]).toEqual(['to out\n', 'to err\n']);
    expect(watched.events.at(-1)).toBe('ended');
    expect([...watched.events].sort()).toEqual([
      'ended',
      'errEnded',
      'inClosed',
      'outEnded',
      'started',
    ]);
    expect(await running.ended()).toEqual({ kind: 'exited', code: 3 });
    expect(reports.problems).toEqual([]);
  });

  test('is told apart from one that a signal killed', async () => {
    const running = await shell('exec sleep 60');
    running.kill();
    expect(await watched.ended).toEqual({ kind: 'killed', signal: 'SIGTERM' });
    running.kill();
    expect(running.write(Buffer.from('x'))).toBe(false);
    expect(reports.problems).toEqual([]);
  });

  test('gets arguments, folder and environment as they are, and no shell reads them', async () => {
    const script = 'console.log(JSON.stringify([process.argv[1], process.cwd(), process.env]))';
    child = await processes.spawn(
      {
        command: process.execPath,
        args: ['-e', script, '$HOME; "ü'],
        cwd: folder,
        env: { A: 'b' },
      },
      watched,
    );
    await watched.ended;
    expect(JSON.parse(Buffer.from(watched.out, 'latin1').toString())).toEqual([
      '$HOME; "ü',
      folder,
      { A: 'b' },
    ]);
  });

  test('gets descriptors as 3 and 4, and they stay open here', async () => {
    const first = openSync(join(folder, 'first'), 'w+');
    const second = openSync(join(folder, 'second'), 'w+');
    await shell('echo one >&3; echo two >&4', { descriptors: [first, second] });
    await watched.ended;
    writeFileSync(second, 'three\n');
    for (const fd of [first, second]) closeSync(fd);
    expect(await readFile(join(folder, 'first'), 'utf8')).toBe('one\n');
    expect(await readFile(join(folder, 'second'), 'utf8')).toContain('three\n');
  });
});

test('who waits for the end of a child, and gives up, does not keep it from ending', async () => {
  const running = await shell('read go');
  const impatient = running.ended().timeout(1000, clock);
  await clock.elapse(1000);
  await expect(impatient).rejects.toMatchObject({ code: 'HAWSER_TIMEOUT' });
  running.end();
  expect(await watched.ended).toEqual({ kind: 'exited', code: 1 });
  expect(await running.ended()).toEqual({ kind: 'exited', code: 1 });
});

describe('back-pressure', () => {
  test('of the child: write says false, and inDrained follows when the child reads', async () => {
    const running = await shell('read go; cat >/dev/null');
    const block = Buffer.alloc(1024 * 1024, 'x');
    expect(running.write(block)).toBe(false);
    expect(running.pendingBytes).toBeGreaterThan(0);
    expect(watched.events).not.toContain('inDrained');
    running.write(Buffer.from('\n'));
    await watched.until(() => watched.events.includes('inDrained'));
    expect(running.pendingBytes).toBe(0);
    running.end();
    expect(await watched.ended).toEqual({ kind: 'exited', code: 0 });
  });

  test('of the protocol: a paused stream stops, the other does not', async () => {
    const running = await shell('echo ready >&2; yes | head -c 1000000; echo done >&2');
    running.pauseReading('out');
    await watched.until(() => watched.err === 'ready\n');
    const before = watched.out.length;
    expect(before).toBeLessThan(1_000_000);
    running.resumeReading('out');
    expect(await watched.ended).toEqual({ kind: 'exited', code: 0 });
    expect(watched.out).toHaveLength(1_000_000);
    expect(watched.err).toBe('ready\ndone\n');
  });

  test('a pause outlives the child, and its end waits behind it', async () => {
    const running = await shell('echo later; exit 5');
    running.pauseReading('out');
    await watched.inputClosed;
    await clock.settle();
    clock.advance(60_000);
    await clock.settle();
    expect(watched.out).toBe('');
    expect(watched.events).not.toContain('outEnded');
    expect(watched.events).not.toContain('ended');
    running.resumeReading('out');
    expect(await watched.ended).toEqual({ kind: 'exited', code: 5 });
    expect(watched.out).toBe('later\n');
  });

  test('the end of an empty stream waits behind a pause as well', async () => {
    const running = await shell('exit 0');
    running.pauseReading('err');
    await watched.inputClosed;
    await clock.settle();
    expect(watched.events).not.toContain('errEnded');
    running.resumeReading('err');
    await watched.ended;
    expect(watched.events.at(-2)).toBe('errEnded');
  });

  test('a child that does not read is killed over the limit', async () => {
    const running = await shell('exec sleep 60', { maxPendingBytes: 100_000 });
    let writes = 0;
    while (reports.problems.length === 0 && writes < 100) {
      running.write(Buffer.alloc(100_000));
      writes += 1;
    }
    expect(reports.problems).toMatchObject([
      { where: 'process:sh.write', error: { code: 'HAWSER_WRITE_QUEUE_FULL' } },
    ]);
    expect(await watched.ended).toEqual({ kind: 'killed', signal: 'SIGKILL' });
  });
});

describe('input', () => {
  test('ends once everything written has left', async () => {
    const running = await shell('cat');
    running.write(Buffer.alloc(300_000, 'x'));
    running.end();
    running.end();
    expect(await watched.ended).toEqual({ kind: 'exited', code: 0 });
    expect(watched.out).toHaveLength(300_000);
  });

  test('writing after the end is dropped and reported', async () => {
    const running = await shell('cat');
    running.end();
    expect(running.write(Buffer.from('late'))).toBe(false);
    expect(running.write(Buffer.from('later'))).toBe(false);
    await watched.ended;
    expect(watched.out).toBe('');
    expect(reports.problems).toMatchObject([
      { where: 'process:sh.write', error: { code: 'HAWSER_WRITE_AFTER_END' } },
    ]);
  });

  test('a child that closes its input says so, and writing to it is harmless', async () => {
    const running = await shell('exec <&-; echo closed; exec sleep 60');
    await watched.until(() => watched.out === 'closed\n');
    running.write(Buffer.alloc(1_000_000));
    await watched.inputClosed;
    expect(running.write(Buffer.from('x'))).toBe(false);
    expect(watched.events).not.toContain('ended');
    running.kill();
    await watched.ended;
    expect(watched.events.filter((event) => event === 'inClosed')).toHaveLength(1);
    expect(reports.problems).toEqual([]);
  });
});

describe('outputs', () => {
  test('that are not pipes are none of the protocol, and the end comes without them', async () => {
    const running = await shell('echo out; echo err >&2', { out: 'ignore', err: 'ignore' });
    running.pauseReading('out');
    expect(await watched.ended).toEqual({ kind: 'exited', code: 0 });
    expect(watched.events).toEqual(['started', 'inClosed', 'ended']);
    expect([watched.out, watched.err]).toEqual(['', '']);
  });

  test('that are inherited go where those of the process go, and a detached child outlives it', async () => {
    const program = startProgram('leaving-a-child.ts');
    let text = '';
    const closed = once(program, 'close');
    const printed = new Promise<number>((done) => {
      program.stdout?.on('data', (data: Buffer) => {
        text += String(data);
        if (text.includes('\n')) done(Number.parseInt(text, 10));
      });
    });
    const pid = await printed;
    const code = await ended(program);
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    process.kill(pid, 'SIGUSR1');
    await closed;
    expect(code).toBe(0);
    expect(text).toBe(`${pid}\nstill here\n`);
    // It led a session of its own (proc(5)).
    expect(Number(stat.slice(stat.lastIndexOf(')')).split(' ')[4])).toBe(pid);
  });
});

describe('a child that does not start', () => {
  test.each([
    ['a program that does not exist', { command: '/nowhere/hawser' }, 'ENOENT'],
    ['a folder that does not exist', { command: '/bin/sh', cwd: '/nowhere' }, 'ENOENT'],
    ['a file that may not be run', { command: '/etc/passwd' }, 'EACCES'],
  ])('%s', async (_, options, code) => {
    const spawned = processes.spawn(options, watched);
    await expect(spawned).rejects.toBeInstanceOf(SpawnError);
    await expect(spawned).rejects.toMatchObject({ code: 'HAWSER_SPAWN', cause: { code } });
    expect(watched.events).toEqual([]);
  });

  test('a command with a null byte is an error as well, and not a throw', async () => {
    await expect(processes.spawn({ command: 'a\0b' }, watched)).rejects.toBeInstanceOf(SpawnError);
  });
});

describe('ending it', () => {
  test('disposing asks, then kills, and waits for the end', async () => {
    const running = await shell('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await watched.until(() => watched.out === 'ready\n');
    const disposed = running[Symbol.asyncDispose]();
    await clock.settle();
    expect(watched.events).toEqual(['started']);
    clock.advance(5_000);
    await disposed;
    expect(await watched.ended).toEqual({ kind: 'killed', signal: 'SIGKILL' });
    // The shell's own child may hold the streams a little longer; nobody waits for it.
    expect(watched.events).toEqual(['started', 'ended']);
  });

  test('aborting the signal does so too, and its listener goes with the child', async () => {
    const controller = new AbortController();
    await shell('exec sleep 60', { signal: controller.signal });
    controller.abort();
    expect(await watched.ended).toEqual({ kind: 'killed', signal: 'SIGTERM' });
  });

  test('cancelling before it started kills it, and the protocol hears nothing', async () => {
    const controller = new AbortController();
    const spawned = processes.spawn(
      { command: '/bin/sh', args: ['-c', 'exec sleep 60'], signal: controller.signal },
      watched,
    );
    controller.abort();
    await expect(spawned).rejects.toBeInstanceOf(CancelledError);
    await clock.settle();
    expect(watched.events).toEqual([]);
    await expect(
      processes.spawn({ command: '/bin/sh', signal: controller.signal }, watched),
    ).rejects.toBeInstanceOf(CancelledError);
  });

  test.each(['processStarted', 'outReceived', 'outEnded', 'processEnded'] as const)(
    'a throw in %s is reported; the child is gone, and its end still comes',
    async (callback) => {
      const boom = new Error('boom');
      const told: string[] = [];
      const throwing = {
        [callback]: () => {
          told.push(callback);
          throw boom;
        },
      };
      const running = await processes.spawn(
        {
          command: '/bin/sh',
          args: [
            '-c',
            callback === 'outEnded' ? 'exec >&-; exec sleep 60' : 'echo x; exec sleep 60',
          ],
        },
        {
          outReceived: () => running.kill(),
          processEnded: () => void told.push('ended'),
          ...throwing,
        },
      );
      await running.ended();
      expect(told).toEqual(callback === 'processEnded' ? ['processEnded'] : [callback, 'ended']);
      expect(reports.problems).toEqual([{ where: `process:sh.${callback}`, error: boom }]);
    },
  );
});

describe('a child of the child that holds the streams open', () => {
  let grandchild: number | undefined;
  afterEach(() => {
    if (grandchild) process.kill(grandchild);
    grandchild = undefined;
  });

  test('delays the end no longer than the limit', async () => {
    await shell('sleep 60 & echo $!', { lingerMs: 2_000 });
    await watched.inputClosed;
    await watched.until(() => watched.out.endsWith('\n'));
    grandchild = Number(watched.out);
    await clock.settle();
    clock.advance(1_999);
    await clock.settle();
    expect(watched.events).toEqual(['started', 'inClosed']);
    clock.advance(1);
    expect(await watched.ended).toEqual({ kind: 'exited', code: 0 });
    expect(watched.events.slice(2).sort()).toEqual(['ended', 'errEnded', 'outEnded']);
  });
});

test('pausing cannot delay the end beyond the limit', async () => {
  const running = await shell('sleep 60 & echo $!', { lingerMs: 2_000 });
  await watched.inputClosed;
  await watched.until(() => watched.out.endsWith('\n'));
  await clock.settle();
  for (let round = 0; round < 20; round++) {
    clock.advance(100);
    running.pauseReading('err');
    clock.advance(60_000);
    running.resumeReading('err');
  }
  expect(await watched.ended).toEqual({ kind: 'exited', code: 0 });
  process.kill(Number(watched.out));
});

test('a child that was disposed cannot be paused', async () => {
  const running = await shell('exec sleep 60');
  const disposed = running[Symbol.asyncDispose]();
  running.pauseReading('out');
  await disposed;
  expect(watched.events).toEqual(['started', 'ended']);
});

test('its callbacks run in a context of their own', async () => {
  const labels: (string | undefined)[] = [];
  const running = await processes.spawn(
    { command: '/bin/sh', args: ['-c', 'echo x'] },
    {
      outReceived: () => void labels.push(currentContext()?.label),
      processEnded: () => void labels.push(currentContext()?.label),
    },
  );
  await running.ended();
  expect(labels).toEqual(['process:sh', 'process:sh']);
});
