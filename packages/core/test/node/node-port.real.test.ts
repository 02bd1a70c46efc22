import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { SocketFile } from '../../src/node/socket-file.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const host = '127.0.0.1';
const reactor = createNodeReactor({ reports: new CollectedReports() });
const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
afterAll(() => rmSync(folder, { recursive: true }));

const silent: Factory = { name: 'silent', buildProtocol: () => ({ dataReceived() {} }) };
const echo: Factory = {
  name: 'echo',
  buildProtocol(): Protocol {
    let write: (data: Buffer) => void = () => undefined;
    return {
      connectionMade(t) {
        write = (data) => void t.write(data);
        // Only once the server has accepted is a connection a connection of its port.
        t.write(Buffer.from('!'));
      },
      dataReceived: (data) => write(data),
    };
  },
};

function portOf({ address }: Port): number {
  return 'port' in address ? address.port : 0;
}

/** A client that has heard the greeting. */
function greeted(port: number) {
  return new Promise<Awaited<ReturnType<typeof dial>>>((done) => {
    const dialled = dial(port, () => void dialled.then(done));
  });
}

/** A process that is killed leaves its socket file. */
function abandonSocket(path: string): void {
  spawnSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
}

function dial(port: number, heard: () => void) {
  return reactor.tcp.connect({ host, port }, () => ({ dataReceived: heard }));
}

test('quiesce frees the address and leaves connections alone; stop ends them', async () => {
  const calls: string[] = [];
  const factory: Factory = {
    ...echo,
    started: () => calls.push('started'),
    stopped: () => calls.push('stopped'),
  };
  const port = await reactor.tcp.listen({ host, port: 0 }, factory);
  expect(String(port)).toBe(`tcp://${host}:${portOf(port)} echo`);
  const client = await greeted(portOf(port));
  await port.quiesce();
  const second = await reactor.tcp.listen({ host, port: portOf(port) }, silent);
  await second.stop();
  expect(port.connections).toBe(1);
  expect(client.ending).toBe(false);
  const lost = new Promise((done) => client.onClose(done));
  await port.stop();
  await port.stop();
  expect(port.connections).toBe(0);
  await lost;
  expect(calls).toEqual(['started', 'stopped']);
});

test('who does not want to wait for the end of a port takes it from nobody else', async () => {
  const calls: string[] = [];
  const factory: Factory = { ...echo, stopped: () => calls.push('stopped') };
  const port = await reactor.tcp.listen({ host, port: 0 }, factory);
  await greeted(portOf(port));
  const quiesced = port.quiesce();
  const [impatient, patient] = [port.stop(), port.stop()];
  port.quiesce().cancel();
  impatient.cancel();
  await quiesced;
  await patient;
  expect([port.connections, calls]).toEqual([0, ['stopped']]);
});

test('a listen that is cancelled at once leaves nothing that listens', async () => {
  const free = await reactor.tcp.listen({ host, port: 0 }, silent);
  const port = portOf(free);
  await free.stop();
  const listening = reactor.tcp.listen({ host, port }, silent);
  listening.cancel();
  await expect(listening).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
  // Whoever listens there now has it alone.
  const second = await reactor.tcp.listen({ host, port }, silent);
  await second.stop();
  await expect(reactor.tcp.connect({ host, port }, silent)).rejects.toMatchObject({
    code: 'HAWSER_CONNECT',
  });
});

test('who connects as soon as the file of a socket is there is served', async () => {
  for (let round = 0; round < 10; round++) {
    const path = join(folder, `early${round}.sock`);
    const listening = reactor.unix.listen({ path }, echo);
    const greeting = new Promise<string>((done) => {
      const attempt = (): void => {
        const client = connect({ path });
        client.once('data', (data) => {
          client.destroy();
          done(String(data));
        });
        client.once('error', () => setImmediate(attempt));
      };
      attempt();
    });
    const port = await listening;
    expect(await greeting).toBe('!');
    await port.stop();
  }
});

test('a path that nobody could connect to is refused', async () => {
  const path = join(folder, 'x'.repeat(150));
  await expect(reactor.unix.listen({ path }, silent)).rejects.toMatchObject({
    code: 'HAWSER_LISTEN',
    message: `Cannot listen on unix:${path}: the path is longer than 107 bytes`,
  });
});

test('a socket that took the place of a stale one is left alone', async () => {
  const path = join(folder, 'race.sock');
  const other = join(folder, 'other.sock');
  abandonSocket(path);
  const live = await reactor.unix.listen({ path: other }, echo);
  // By the time it finds out that nobody answers there, somebody does.
  const file = new SocketFile({ path, unique: 'unused' });
  const removed = file.removeStale();
  renameSync(other, path);
  expect(await removed).toBe(false);
  expect(statSync(path).isSocket()).toBe(true);
  await live.stop();
});

test('disposing a port stops it', async () => {
  const port = await reactor.tcp.listen({ host, port: 0 }, echo);
  await greeted(portOf(port));
  await port[Symbol.asyncDispose]();
  await expect(reactor.tcp.connect({ host, port: portOf(port) }, silent)).rejects.toMatchObject({
    code: 'HAWSER_CONNECT',
  });
});

test('an address in use, and one that is not ours, are told apart', async () => {
  const port = await reactor.tcp.listen({ host, port: 0 }, silent);
  await expect(reactor.tcp.listen({ host, port: portOf(port) }, silent)).rejects.toMatchObject({
    name: 'ListenError',
    code: 'HAWSER_ADDRESS_IN_USE',
  });
  await port.stop();
  await expect(reactor.tcp.listen({ host: '192.0.2.1', port: 0 }, silent)).rejects.toMatchObject({
    code: 'HAWSER_ADDRESS_NOT_AVAILABLE',
  });
});

test('connecting can be refused, time out, be cancelled, and be refused by our own factory', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((done) => {
    server.listen(0, host, done);
  });
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;

  const cancelled = reactor.tcp.connect({ host, port }, silent);
  cancelled.cancel();
  await expect(cancelled).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });

  const controller = new AbortController();
  const aborted = reactor.tcp.connect({ host, port, signal: controller.signal }, silent);
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });

  await expect(reactor.tcp.connect({ host, port }, () => undefined)).rejects.toMatchObject({
    code: 'HAWSER_REFUSED',
  });
  await new Promise((done) => server.close(done));
  await expect(reactor.tcp.connect({ host, port }, silent)).rejects.toMatchObject({
    code: 'HAWSER_CONNECT',
  });
});

test('a name lookup that never ends counts towards the timeout', async () => {
  const stuck = createNodeReactor({ reports: new CollectedReports() });
  const { Deferred } = await import('../../src/deferred/deferred.ts');
  Object.assign(stuck, { resolver: { lookup: () => new Deferred() } });
  await expect(
    stuck.tcp.connect({ host: 'never.invalid', port: 1, timeoutMs: 20 }, silent),
  ).rejects.toMatchObject({ code: 'HAWSER_CONNECT_TIMEOUT' });
});

test('an IP address is its own answer, and a name that is no name is HAWSER_RESOLVE', async () => {
  expect(await reactor.resolver.lookup('::1')).toEqual([{ host: '::1', family: 6 }]);
  expect(await reactor.resolver.lookup(host)).toEqual([{ host, family: 4 }]);
  await expect(reactor.resolver.lookup('not a name')).rejects.toMatchObject({
    code: 'HAWSER_RESOLVE',
  });
});

test('a socket file that was left behind is replaced, one that is answered is not', async () => {
  const path = join(folder, 'left.sock');
  abandonSocket(path);
  expect(statSync(path).isSocket()).toBe(true);
  const port = await reactor.unix.listen({ path, mode: 0o600 }, silent);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(reactor.unix.listen({ path }, silent)).rejects.toMatchObject({
    code: 'HAWSER_ADDRESS_IN_USE',
  });
  await new Promise<void>((done) => {
    const socket = connect(path, () => {
      socket.destroy();
      done();
    });
  });
  await port.stop();
});

test('a plain file in the way of a Unix socket is not deleted', async () => {
  const path = join(folder, 'precious.txt');
  writeFileSync(path, 'precious');
  await expect(reactor.unix.listen({ path }, silent)).rejects.toMatchObject({
    code: 'HAWSER_ADDRESS_IN_USE',
  });
  expect(statSync(path).size).toBe(8);
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['0.0.0.0', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.2'],
  ['::', '127.0.0.1'],
  ['::', '::1'],
])('a port on %s knows that its connection came to %s', async (listened, connected) => {
  const ends: [unknown, unknown][] = [];
  const port = await reactor.tcp.listen({ host: listened, port: 0 }, (incoming) => {
    ends.push([incoming.local, incoming.peer]);
    return echo.buildProtocol(incoming);
  });
  let local: unknown;
  await new Promise<void>((heard) => {
    const place = { host: connected, port: portOf(port) };
    void reactor.tcp
      .connect(place, () => ({ dataReceived: () => heard() }))
      .addCallback((transport) => {
        local = transport.local;
      });
  });
  const family = connected.includes(':') ? 6 : 4;
  expect(ends).toEqual([[{ kind: 'tcp', host: connected, port: portOf(port), family }, local]]);
  await port.stop();
});
