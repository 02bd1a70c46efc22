import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ChildProcess } from '../../src/contract/process.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import type { ShutdownReport } from '../../src/services/shut-down.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { RecordingProcess } from '../node/recording-process.ts';

const program = fileURLToPath(new URL('../fixtures/busy-server.ts', import.meta.url));
const reports = new CollectedReports();
const { process: processes } = createNodeReactor({ reports });

let server: RecordingProcess;
let child: ChildProcess | undefined;
let clients: BusyClient[];

beforeEach(() => {
  server = new RecordingProcess();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.socket.destroy();
  child?.kill('SIGKILL');
  await child?.ended();
  child = undefined;
});

/** Starts the server, and gives its port. */
async function start(...args: string[]): Promise<number> {
  const flags = ['--import', 'tsx', '--conditions=@hawser/source'];
  child = await processes.spawn(
    { command: process.execPath, args: [...flags, program, ...args] },
    server,
  );
  return Number((await says(/^tcp:\/\/127\.0\.0\.1:(\d+) /))[1]);
}

async function says(pattern: RegExp): Promise<RegExpMatchArray> {
  await server.until(() => pattern.test(server.out));
  return server.out.match(pattern) as RegExpMatchArray;
}

function report(): ShutdownReport {
  return JSON.parse(server.out.trimEnd().split('\n').at(-1) ?? '') as ShutdownReport;
}

/** Sends the next request as soon as the last one is answered, until the server says goodbye. */
class BusyClient {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  sent = 0;
  answered = 0;
  reset = false;
  #wanted: { readonly answers: number; readonly reached: () => void } | undefined;
  #leaving = false;

  constructor(port: number, first = 'request 0') {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.closed = new Promise((done) => this.socket.once('close', done));
    this.socket.on('error', () => {
      this.reset = true;
    });
    const lines = createInterface({ input: this.socket });
    lines.on('line', (line) => this.#answered(line));
    // It repeats the errors of its input.
    lines.on('error', () => undefined);
    this.#send(first);
    clients.push(this);
  }

  async untilAnswered(answers: number): Promise<void> {
    if (this.answered >= answers) return;
    await new Promise<void>((reached) => {
      this.#wanted = { answers, reached };
    });
  }

  #send(line: string): void {
    this.sent += 1;
    this.socket.write(`${line}\n`);
  }

  #answered(line: string): void {
    if (line === 'bye') {
      this.#leaving = true;
      return;
    }
    this.answered += 1;
    if (this.#leaving) this.socket.end();
    else this.#send(`request ${this.sent}`);
    if (this.#wanted && this.answered >= this.#wanted.answers) this.#wanted.reached();
  }
}

test('under load every request is answered, and the report says so', async () => {
  const port = await start('15000');
  const busy = Array.from({ length: 200 }, () => new BusyClient(port));
  await Promise.all(busy.map((client) => client.untilAnswered(3)));

  const open = busy.map((client) => client.sent - client.answered);
  expect(open).toEqual(busy.map(() => 1));
  child?.kill('SIGTERM');
  await says(/^Stopping/m);
  const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
  // A connection that the kernel took before the port closed is reset.
  expect(['ECONNREFUSED', 'ECONNRESET']).toContain(error.code);

  await Promise.all(busy.map((client) => client.closed));
  expect(await server.ended).toEqual({ kind: 'exited', code: 0 });
  expect(busy.filter((client) => client.reset || client.sent !== client.answered)).toEqual([]);
  expect(report()).toMatchObject({
    drained: { busy: { finished: 200, aborted: 0 } },
    finished: 200,
    aborted: 0,
    forced: false,
    failures: 0,
    clean: true,
  });
  expect(server.out).toContain('\nbusy: 200 finished, 0 aborted\nStopped\n');
  expect(server.err).toBe('');
});

test('a connection that ignores the drain is aborted at the deadline, and the report says that', async () => {
  const port = await start('1500');
  const busy = Array.from({ length: 20 }, () => new BusyClient(port));
  const stays = new BusyClient(port, 'stay');
  await Promise.all([...busy, stays].map((client) => client.untilAnswered(3)));

  child?.kill('SIGTERM');
  await Promise.all(clients.map((client) => client.closed));
  expect(await server.ended).toEqual({ kind: 'exited', code: 0 });
  expect(busy.filter((client) => client.reset || client.sent !== client.answered)).toEqual([]);
  expect(stays.reset).toBe(true);
  expect(report()).toMatchObject({
    drained: { busy: { finished: 20, aborted: 1 } },
    forced: false,
    failures: 0,
    clean: false,
  });
  expect(server.out).toContain('\nbusy: 20 finished, 1 aborted\nStopped\n');
});

test('a second signal does not wait for the deadline', async () => {
  const port = await start('3600000');
  const stays = new BusyClient(port, 'stay');
  await stays.untilAnswered(1);
  child?.kill('SIGINT');
  await says(/^Stopping/m);
  child?.kill('SIGTERM');
  await stays.closed;
  expect(await server.ended).toEqual({ kind: 'exited', code: 0 });
  expect(report()).toMatchObject({ finished: 0, aborted: 1, forced: true, failures: 0 });
});

test('a third signal does not wait for anything', async () => {
  const port = await start('3600000', 'stuck');
  const stays = new BusyClient(port, 'stay');
  await stays.untilAnswered(1);
  child?.kill('SIGTERM');
  await says(/^Stopping/m);
  child?.kill('SIGTERM');
  // It was cut off, so the second one has arrived: two at a time may be one.
  await stays.closed;
  child?.kill('SIGTERM');
  expect(await server.ended).toEqual({ kind: 'exited', code: 130 });
});
