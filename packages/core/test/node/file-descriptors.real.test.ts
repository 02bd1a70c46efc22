import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ended, firstLine, startProgram } from './programs/started-program.ts';

// A server that may have few open files, in a process of its own.

const host = '127.0.0.1';
/**
 * A loop that spins takes the whole of a CPU, or what other processes leave of it, and turns several hundred times a
 * millisecond; one that rests does next to nothing.
 */
const IDLE = { cpuShare: 0.5, turnsPerMs: 5 } as const;
const WINDOW_MS = 500;
const WINDOWS = 20;

/** What the server tells of itself. */
interface Status {
  readonly cpuMs: number;
  readonly at: number;
  /** Turns of its loop. */
  readonly turns: number;
  readonly open: number;
  /** The thief found nothing more to take. */
  readonly exhausted: boolean;
  readonly problems: readonly string[];
}

let server: ChildProcess;
let port = 0;
/** Half of the files it may have open: the rest is kept back. */
let budget = 0;
let clients: Client[] = [];

beforeEach(async () => {
  server = startProgram('crowded-echo.ts');
  const [portText, maxFiles] = (await firstLine(server)).split(' ');
  port = Number(portText);
  budget = Number(maxFiles) / 2;
});
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  clients = [];
  server.kill('SIGKILL');
  await ended(server);
});

/** A connection, and whether it was served or closed. */
class Client {
  readonly socket: Socket = connect({ host, port });
  greeted = false;
  readonly answered: Promise<void>;

  constructor() {
    clients.push(this);
    this.answered = new Promise((done) => {
      this.socket.on('error', () => undefined);
      this.socket.once('close', done);
      this.socket.once('data', () => {
        this.greeted = true;
        done();
      });
    });
  }
}

async function order(what: string): Promise<Status> {
  const answer = once(server, 'message');
  server.send(what);
  const [status] = (await answer) as [Status];
  return status;
}

/** Looks at the server for a while, until it is idle. */
async function load(): Promise<{ readonly cpuShare: number; readonly turnsPerMs: number }> {
  let cpuShare = 1;
  let turnsPerMs = Number.POSITIVE_INFINITY;
  for (let window = 0; window < WINDOWS && turnsPerMs > IDLE.turnsPerMs; window++) {
    const before = await order('tell');
    await wait(WINDOW_MS);
    const after = await order('tell');
    const ms = after.at - before.at;
    cpuShare = (after.cpuMs - before.cpuMs) / ms;
    turnsPerMs = (after.turns - before.turns) / ms;
  }
  return { cpuShare, turnsPerMs };
}

async function expectIdle(): Promise<void> {
  const { cpuShare, turnsPerMs } = await load();
  expect(turnsPerMs).toBeLessThan(IDLE.turnsPerMs);
  expect(cpuShare).toBeLessThan(IDLE.cpuShare);
}

function wait(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}

/** Connects until it is served. */
async function served(): Promise<void> {
  for (;;) {
    const client = new Client();
    await client.answered;
    if (client.greeted) return;
    await wait(10);
  }
}

function servedClients(): Client[] {
  return clients.filter(({ greeted }) => greeted);
}

test('more connections than there are descriptors: the budget is served, the rest closed at once, the loop idle', {
  timeout: 60_000,
}, async () => {
  const flood = Array.from({ length: 4 * budget }, () => new Client());
  await Promise.all(flood.map(({ answered }) => answered));
  expect(servedClients()).toHaveLength(budget);
  expect((await order('tell')).open).toBe(budget);
  await expectIdle();
  const { problems } = await order('tell');
  expect(problems[0]).toBe(
    `connections: ConnectionError: Cannot take a connection as this process may have no more than ${budget}`,
  );
  for (const { socket } of flood) socket.destroy();
  await served();
});

test('somebody else takes all descriptors: the accept loop neither spins nor dies, and recovers', {
  timeout: 60_000,
}, async () => {
  for (let i = 0; i < 10; i++) await served();
  const before = await order('steal');
  while (!(await order('tell')).exhausted) await wait(10);
  // One after the other, as the thief gets hold of libuv's spare descriptor only between two of them.
  for (let i = 0; i < 300; i++) {
    new Client();
    await wait(2);
  }
  await order('rest');
  await expectIdle();
  // Whoever was served before still is.
  const first = clients.slice(0, 10);
  expect(first.filter(({ greeted, socket }) => greeted && !socket.destroyed)).toEqual(first);
  const after = await order('giveBack');
  const reports = after.problems.filter((problem) => problem.startsWith('accept: '));
  expect(reports.length).toBeLessThanOrEqual((after.at - before.at) / 1_000 + 1);
  for (const { socket } of clients) socket.destroy();
  await served();
  await expectIdle();
});
