import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Port } from '../../src/contract/port.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import type { DatagramPort } from '../../src/contract/udp.ts';
import { exportedDescriptors } from '../../src/node/exported-descriptors.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import {
  bytesTaken,
  datagramDescriptor,
  descriptorKind,
  serverDescriptor,
  stopReceiving,
} from '../../src/node/private-handle.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { startCommand } from './programs/started-program.ts';
import { RecordingProcess } from './recording-process.ts';

const host = '127.0.0.1';
const reports = new CollectedReports();
const reactor = createNodeReactor({ reports });
const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
afterAll(() => rmSync(folder, { recursive: true }));

const nothing = { dataReceived: () => undefined };
const silent = () => nothing;

class Echo implements Protocol {
  #transport: Transport | undefined;
  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }
  dataReceived(data: Buffer): void {
    this.#transport?.write(data);
  }
}

/** A child that listens on what was exported to it. */
async function successor(
  ports: Readonly<Record<string, Port | DatagramPort>>,
  args: readonly string[],
) {
  const child = new RecordingProcess();
  const process = await reactor.process.spawn(
    { ...startCommand('adopting-echo.ts', args), ...exportedDescriptors(ports) },
    child,
  );
  await child.until(() => child.out.endsWith('ready\n'));
  expect(child.err).toBe('');
  return {
    said: child.out
      .split('\n')
      .slice(0, -2)
      .map((line): unknown => JSON.parse(line)),
    async stop() {
      process.end();
      expect(await child.ended).toEqual({ kind: 'exited', code: 0 });
    },
  };
}

/** What comes back from a connection. */
function echoed(options: NetConnectOpts): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(options);
    socket.on('error', reject);
    socket.on('data', (data) => {
      socket.destroy();
      resolve(String(data));
    });
    socket.write('hello');
  });
}

function portOf({ address }: Port): number {
  return 'port' in address ? address.port : 0;
}

test.each([-1, 0, 2, 3.5])('descriptor %s cannot be adopted, and stays open', async (fd) => {
  const refused = reactor.tcp.listen({ port: 0, fd }, silent);
  await expect(refused).rejects.toMatchObject({
    code: 'HAWSER_LISTEN',
    message: `Cannot listen on fd:${fd} as a descriptor must be a whole number from 3`,
  });
  await expect(
    reactor.udp.bind({ port: 0, fd }, { datagramReceived: () => undefined }),
  ).rejects.toMatchObject({ code: 'HAWSER_LISTEN' });
});

test('a pipe is no Unix socket, and stays open', async () => {
  const path = join(folder, 'fifo');
  spawnSync('mkfifo', [path]);
  const fd = openSync(path, 'r+');
  await expect(reactor.unix.listen({ path: '', fd }, silent)).rejects.toMatchObject({
    code: 'HAWSER_LISTEN',
    message: `Cannot listen on fd:${fd} as descriptor ${fd} must be a Unix socket: it is a pipe`,
  });
  expect(fstatSync(fd).isFIFO()).toBe(true);
  closeSync(fd);
  rmSync(path);
});

test('a TCP and a Unix port are served by who adopts them, after they were closed here', async () => {
  const path = join(folder, 'handed-over.sock');
  const web = await reactor.tcp.listen({ host, port: 0 }, silent);
  const ctl = await reactor.unix.listen({ path }, silent);
  const next = await successor({ web, ctl }, ['stream/web', 'stream/ctl', 'stream/web', 'udp/ctl']);
  expect(next.said).toEqual([
    web.address,
    { kind: 'unix', path },
    'UsageError: Cannot listen on systemd:web as it was listened on already',
    'UsageError: Cannot listen on systemd:ctl as it was listened on already',
  ]);
  await Promise.all([web.stop(), ctl.stop()]);
  expect(await echoed({ host, port: portOf(web) })).toBe('hello');
  expect(await echoed({ path })).toBe('hello');
  await next.stop();
  // The last one removes the file.
  expect(existsSync(path)).toBe(false);
});

test.for([host, '::1', undefined])(
  'a UDP port on %s is served by who adopts it',
  async (address) => {
    const dns = await reactor.udp.bind({ host: address, port: 0 }, { datagramReceived: () => {} });
    const next = await successor({ dns }, ['stream/dns', 'udp/dns']);
    expect(next.said[0]).toMatch(/^ListenError: .*it is a UDP socket$/);
    expect(next.said[1]).toEqual(dns.address);
    await dns.stop();
    const client = await new Promise<string>((resolve) => {
      const socket = createSocket(address === host || !address ? 'udp4' : 'udp6');
      socket.once('message', (data) => {
        socket.close();
        resolve(String(data));
      });
      socket.send('hello', dns.address.port, address ?? host);
    });
    expect(client).toBe('hello');
    await next.stop();
  },
);

test('sockets are adopted as systemd gives them, and a child that fails changes nothing here', async () => {
  const web = await reactor.tcp.listen({ host, port: 0 }, () => new Echo());
  const { command, args } = startCommand('adopting-echo.ts', ['stream/http.socket', 'stream/web']);
  const child = new RecordingProcess();
  const started = await reactor.process.spawn(
    {
      // systemd knows the number of the process it starts, as the shell does here.
      command: '/bin/sh',
      args: ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', command, ...args],
      descriptors: [web.exportFd?.() ?? -1],
      env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'http.socket' },
    },
    child,
  );
  await child.until(() => child.out.endsWith('ready\n'));
  expect(
    child.out
      .split('\n')
      .map((line): unknown => line && JSON.parse(line.replace(/^ready$/, '"ready"'))),
  ).toEqual([
    web.address,
    'ListenError: Cannot listen on systemd:web: no inherited socket is called "web": there are "http.socket"',
    'ready',
    '',
  ]);
  started.kill('SIGKILL');
  await child.ended;
  expect(await echoed({ host, port: portOf(web) })).toBe('hello');
  await web.stop();
});

test('the file of a Unix port goes when nobody has taken the socket over, even if it was exported', async () => {
  const path = join(folder, 'exported.sock');
  const port = await reactor.unix.listen({ path, mode: 0o600 }, silent);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  exportedDescriptors({ port });
  await port.quiesce();
  expect(existsSync(path)).toBe(false);
  await port.stop();
});

test('the file of a Unix port is left alone once somebody else has replaced it', async () => {
  const path = join(folder, 'replaced.sock');
  const port = await reactor.unix.listen({ path }, silent);
  rmSync(path);
  const other = await reactor.unix.listen({ path }, silent);
  await port.stop();
  expect(existsSync(path)).toBe(true);
  await other.stop();
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test('a quiesced UDP port leaves what arrives in the queue, and still sends', async () => {
  const heard: string[] = [];
  let more: () => void = () => undefined;
  const port = await reactor.udp.bind(
    { host, port: 0 },
    {
      datagramReceived: (data) => {
        heard.push(String(data));
        more();
      },
    },
  );
  const peer = createSocket('udp4');
  const first = new Promise<void>((done) => {
    more = done;
  });
  const send = (text: string) =>
    new Promise((done) => peer.send(text, port.address.port, host, done));
  await send('before');
  await first;
  await port.quiesce();
  await send('after');
  // On loopback a datagram has arrived when it was sent: a port that listened would hear it before this answer.
  const answer = once(peer, 'message');
  const at = peer.address();
  port.send(Buffer.from('answer'), { kind: 'udp', host, port: at.port, family: 4 });
  expect(String((await answer)[0])).toBe('answer');
  expect(heard).toEqual(['before']);
  peer.close();
  await port.stop();
});

test('a descriptor of another kind is refused, untouched', async () => {
  const file = openSync(fileURLToPath(import.meta.url), 'r');
  const tcp = await reactor.tcp.listen({ host, port: 0 }, silent);
  const udp = await reactor.udp.bind({ host, port: 0 }, { datagramReceived: () => undefined });
  const udpFd = udp.exportFd?.() ?? -1;
  const refused = (fd: number) => reactor.tcp.listen({ port: 0, fd }, silent);
  await expect(refused(file)).rejects.toMatchObject({
    name: 'ListenError',
    code: 'HAWSER_LISTEN',
    message: `Cannot listen on fd:${file} as descriptor ${file} must be a TCP socket: it is a file`,
  });
  closeSync(file);
  await expect(refused(file)).rejects.toThrow('it is closed, or no socket');
  await expect(reactor.unix.listen({ path: '', fd: file }, silent)).rejects.toThrow(
    'must be a Unix socket',
  );
  await expect(
    reactor.udp.bind({ port: 0, fd: file }, { datagramReceived: () => undefined }),
  ).rejects.toThrow('must be a UDP socket');
  await expect(
    reactor.unix.listen({ path: join(folder, 'missing.sock'), fd: file }, silent),
  ).rejects.toMatchObject({ code: 'HAWSER_LISTEN' });
  // In use by a port of this process, whatever the kind.
  await expect(refused(udpFd)).rejects.toMatchObject({ name: 'UsageError', code: 'HAWSER_BUSY' });
  await expect(refused(tcp.exportFd?.() ?? -1)).rejects.toMatchObject({ code: 'HAWSER_BUSY' });
  await Promise.all([tcp.stop(), udp.stop()]);
  expect(reports.problems).toEqual([]);
});

test('a port that is closed has no descriptor to give', async () => {
  const tcp = await reactor.tcp.listen({ host, port: 0 }, silent);
  const udp = await reactor.udp.bind({ host, port: 0 }, { datagramReceived: () => undefined });
  await Promise.all([tcp.quiesce(), udp.stop()]);
  for (const port of [tcp, udp]) {
    expect(() => port.exportFd?.()).toThrow(
      expect.objectContaining({ code: 'HAWSER_NOT_AVAILABLE' }),
    );
  }
  await tcp.stop();
});

// What node does not document. Each of these fails when a version of node has changed it.

test('node: the handle of a server has its descriptor', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen({ host, port: 0 }, done));
  expect(fstatSync(serverDescriptor(server)).isSocket()).toBe(true);
  server.close();
  expect(() => serverDescriptor(server)).toThrow('net.Server');
});

test('node: the handle of a UDP socket has its descriptor', async () => {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind({ address: host, port: 0 }, done));
  expect(fstatSync(datagramDescriptor(socket)).isSocket()).toBe(true);
  socket.close();
  expect(() => datagramDescriptor(socket)).toThrow('dgram.Socket');
});

test('node: receiving can be stopped', async () => {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind({ address: host, port: 0 }, done));
  expect(stopReceiving(socket)).toBe(true);
  socket.close();
});

test('node: an error tells what a descriptor is, and leaves it as it was', async () => {
  const path = join(folder, 'kind.sock');
  const [tcp, unix, udp] = [createServer(), createServer(), createSocket('udp4')];
  await new Promise<void>((done) => tcp.listen({ host, port: 0 }, done));
  await new Promise<void>((done) => unix.listen({ path }, done));
  await new Promise<void>((done) => udp.bind({ address: host, port: 0 }, done));
  const file = openSync(fileURLToPath(import.meta.url), 'r');
  const kinds = [serverDescriptor(tcp), serverDescriptor(unix), datagramDescriptor(udp), file];
  expect(kinds.map(descriptorKind)).toEqual(['TCP', 'PIPE', 'UDP', 'FILE']);
  closeSync(file);
  expect(descriptorKind(file)).toBe('UNKNOWN');
  tcp.close();
  unix.close();
  udp.close();
});

test('node: one large write is seen to shrink as the kernel takes it', async () => {
  const size = 40_000_000;
  const server = createServer();
  await new Promise<void>((done) => server.listen({ host, port: 0 }, done));
  const accepted = once(server, 'connection');
  const socket = connect({ host, port: (server.address() as AddressInfo).port });
  const [[peer]] = (await Promise.all([accepted, once(socket, 'connect')])) as [[Socket], unknown];
  socket.write(Buffer.alloc(size));
  const first = bytesTaken(socket) ?? -1;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(size);
  expect(bytesTaken({})).toBeUndefined();
  let later = first;
  peer.on('data', () => {
    const now = bytesTaken(socket) ?? size;
    if (now < size) later = Math.max(later, now);
  });
  await once(socket, 'drain');
  expect(later).toBeGreaterThan(first);
  expect(bytesTaken(socket)).toBe(size);
  socket.destroy();
  peer.destroy();
  server.close();
});
