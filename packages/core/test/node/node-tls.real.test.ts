import { connect, createServer } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TLS } from '../../src/connection/info-keys.ts';
import { stack } from '../../src/connection/stack.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Reactor } from '../../src/contract/reactor.ts';
import type { TlsClientOptions } from '../../src/contract/tls.ts';
import { idleTimeout } from '../../src/layers/observer/idle-timeout.ts';
import { alpn } from '../../src/layers/transform/alpn.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { nodeTls } from '../../src/node/node-tls.ts';
import { clientHelloBytes } from '../../testing/client-hello-bytes.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { FakeTls } from '../../testing/fake-tls.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';
import { localhostCertificate } from '../fixtures/localhost-certificate.ts';
import { TlsRig } from './tls-rig.ts';

const host = '127.0.0.1';
let reports: CollectedReports;
let reactor: Reactor;
let ports: Port[];

beforeEach(() => {
  reports = new CollectedReports();
  reactor = createNodeReactor({ reports });
  ports = [];
});
afterEach(async () => {
  for (const port of ports) await port.stop();
  if (reports.problems.length > 0)
    throw new Error('a problem was reported', { cause: reports.problems });
});

async function listen(factory: Factory): Promise<number> {
  const port = await reactor.tcp.listen({ host, port: 0 }, factory);
  ports.push(port);
  if (!('port' in port.address)) throw new TypeError('no port');
  return port.address.port;
}

/** Connects `upper` by TLS; gives the reason the connection below ended with. */
async function connectTls(
  port: number,
  upper: Protocol,
  options: TlsClientOptions = { verify: false },
): Promise<CloseReason> {
  const below = await reactor.tcp.connect({ host, port }, () => ({
    connectionMade: (t) =>
      void t.reactor.tls.startClient(t, options, { name: 'upper', buildProtocol: () => upper }),
    dataReceived() {},
  }));
  return new Promise((done) => below.onClose(done));
}

/** A factory with a promise of how its one connection ends. */
function watched(script: Partial<Protocol> = {}): { factory: Factory; lost: Promise<CloseReason> } {
  let lose: (reason: CloseReason) => void = () => undefined;
  const lost = new Promise<CloseReason>((done) => {
    lose = done;
  });
  const protocol: Protocol = { dataReceived() {}, connectionLost: lose, ...script };
  return { factory: { name: 'watched', buildProtocol: () => protocol }, lost };
}

test('what ends the connection below TLS is the reason the protocol above hears', async () => {
  const { factory, lost } = watched();
  const port = await listen(stack(idleTimeout(50), tls(localhostCertificate))(factory));
  await connectTls(port, { dataReceived() {} });
  expect(await lost).toEqual({ kind: 'timeout', timer: 'idle', afterMs: 50 });
});

test('info(TLS) tells what was agreed, on both sides', async () => {
  const seen: unknown[] = [];
  const look: Partial<Protocol> = {
    connectionMade(t) {
      const info = t.info(TLS);
      seen.push([info?.version, info?.alpn, info?.serverName]);
      if (seen.length === 2) t.close();
    },
  };
  const { factory, lost } = watched(look);
  const port = await listen(tls({ ...localhostCertificate, alpn: ['b', 'a'] })(factory));
  await connectTls(
    port,
    { dataReceived() {}, ...look },
    { verify: false, alpn: ['a'], serverName: 'localhost' },
  );
  await lost;
  expect(seen).toEqual([
    ['TLSv1.3', 'a', 'localhost'],
    ['TLSv1.3', 'a', 'localhost'],
  ]);
});

test('garbage on a TLS port ends that connection alone, builds nothing and reports nothing', async () => {
  let built = 0;
  const port = await listen(
    tls(localhostCertificate)({
      name: 'counted',
      buildProtocol() {
        built += 1;
        return { connectionMade: (t) => t.close(), dataReceived() {} };
      },
    }),
  );
  const socket = connect(port, host);
  socket.on('error', () => undefined);
  const closed = new Promise((done) => socket.once('close', done));
  socket.end('GET / HTTP/1.1\r\nHost: not-tls\r\n\r\n');
  await closed;
  expect(built).toBe(0);
  await connectTls(port, { dataReceived() {} });
  expect(built).toBe(1);
});

test('a client that never finishes the handshake is cut off', async () => {
  const port = await listen(
    tls({ ...localhostCertificate, handshakeTimeoutMs: 30 })(watched().factory),
  );
  const socket = connect(port, host);
  socket.on('error', () => undefined);
  await new Promise((done) => socket.once('close', done));
  await expect.poll(() => ports[0]?.connections).toBe(0);
});

test('a server that never answers the handshake times the client out', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((done) => {
    silent.listen(0, host, done);
  });
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  const { promise, protocol } = neverMade();
  const reason = await connectTls(address.port, protocol, { handshakeTimeoutMs: 30 });
  expect(reason).toEqual({ kind: 'timeout', timer: 'handshake', afterMs: 30 });
  expect(promise.made).toBe(false);
  await new Promise((done) => silent.close(done));
});

test('a client refuses a certificate it cannot verify', async () => {
  const port = await listen(tls(localhostCertificate)(watched().factory));
  const { promise, protocol } = neverMade();
  const reason = await connectTls(port, protocol, { serverName: 'localhost' });
  expect(reason).toMatchObject({ kind: 'protocol', error: { code: 'HAWSER_TLS_HANDSHAKE' } });
  expect(promise.made).toBe(false);
});

test('a drain goes through TLS to the protocol, and what is left at the deadline is shut down', async () => {
  const asked: string[] = [];
  let made = 0;
  let bothMade: () => void = () => undefined;
  const ready = new Promise<void>((done) => {
    bothMade = done;
  });
  const reasons: CloseReason['kind'][] = [];
  const factory: Factory = {
    name: 'drained',
    buildProtocol() {
      made += 1;
      const polite = made === 1;
      return {
        connectionMade(t) {
          this.drainRequested = () => {
            asked.push(polite ? 'polite' : 'stubborn');
            if (polite) t.close();
          };
          if (made === 2) bothMade();
        },
        dataReceived() {},
        connectionLost: ({ kind }) => reasons.push(kind),
      } satisfies Protocol;
    },
  };
  const port = await listen(tls(localhostCertificate)(factory));
  void connectTls(port, { dataReceived() {} });
  void connectTls(port, { dataReceived() {}, readEnded() {} });
  await ready;
  const report = await ports[0]?.drain(reactor.clock.now() + 200);
  expect(asked.sort()).toEqual(['polite', 'stubborn']);
  expect(report).toEqual({ finished: 1, aborted: 1 });
  expect(reasons.sort()).toEqual(['done', 'shutdown']);
});

function neverMade(): { promise: { made: boolean }; protocol: Protocol } {
  const promise = { made: false };
  const protocol: Protocol = {
    connectionMade() {
      promise.made = true;
    },
    dataReceived() {},
  };
  return { promise, protocol };
}

test('a peer that leaves in the middle of its hello is forgotten at once', async () => {
  await using rig = new TlsRig();
  const port = await rig.serve(localhostCertificate);
  const hello = clientHelloBytes({ serverName: 'localhost' });
  const socket = connect(port, host, () => socket.end(hello.subarray(0, 50)));
  socket.on('error', () => undefined).resume();
  await expect.poll(() => rig.servers.length).toBe(1);
  expect(await rig.servers[0]?.lost).toMatchObject({
    kind: 'protocol',
    error: { code: 'HAWSER_TLS_HANDSHAKE', cause: { message: 'the peer left' } },
  });
});

test('a peer that resets in the middle of its hello is a reset, not a mistake in TLS', async () => {
  await using rig = new TlsRig();
  const port = await rig.serve(localhostCertificate);
  const socket = connect(port, host, () => socket.write(clientHelloBytes().subarray(0, 50)));
  await expect.poll(() => rig.servers.length).toBe(1);
  await expect.poll(() => rig.servers[0]?.bytesRead()).toBe(50);
  socket.resetAndDestroy();
  expect(await rig.servers[0]?.lost).toMatchObject({
    kind: 'reset',
    error: { code: 'ECONNRESET' },
  });
});

test('ALPN is what the factory speaks, unless the options say otherwise, and alpn() routes by it', async () => {
  await using rig = new TlsRig();
  const say = (word: string): Factory => ({
    name: word,
    buildProtocol: () => ({
      connectionMade: (t) => void t.write(Buffer.from(word)),
      dataReceived() {},
    }),
  });
  const routes = { h2: say('two'), 'http/1.1': say('one') };
  // Through a layer, as the names have to come through.
  const open = await rig.serve(
    localhostCertificate,
    idleTimeout(60_000)(alpn({ ...routes, otherwise: say('none') })),
  );
  const strict = await rig.serve(localhostCertificate, alpn(routes));
  const narrow = await rig.serve({ ...localhostCertificate, alpn: ['http/1.1'] }, alpn(routes));
  const ask = async (port: number, offered: readonly string[]): Promise<string | CloseReason> => {
    const client = await rig.connect(port, { verify: false, alpn: offered });
    if (!client.info) return client.lost;
    const ended = client.lost.then(() => '');
    const answer = await Promise.race([ended, client.heard]);
    client.transport?.close();
    return `${client.info.alpn} ${answer}`;
  };
  expect(await ask(open, ['http/1.1', 'h2'])).toBe('h2 two');
  expect(await ask(open, ['http/1.1'])).toBe('http/1.1 one');
  expect(await ask(open, [])).toBe('undefined none');
  expect(await ask(narrow, ['h2', 'http/1.1'])).toBe('http/1.1 one');
  // The alert of the server reaches the client before the end of the connection does.
  expect(await ask(open, ['spdy'])).toMatchObject({
    kind: 'protocol',
    error: { message: expect.stringMatching(/no application protocol/) },
  });
  expect(await ask(strict, [])).toBe('undefined ');
  expect(await rig.servers.at(-1)?.lost).toMatchObject({ kind: 'refused', by: 'alpn' });
});

test('over a stream that is no socket, the TLS socket that is given away still knows its ends', async () => {
  await using rig = new TlsRig();
  const seen: unknown[] = [];
  const giving: Factory = {
    name: 'giving',
    buildProtocol: () => ({
      connectionMade(t) {
        const socket = t.detach?.();
        seen.push(socket?.remoteAddress, socket?.remotePort, socket?.localPort);
        socket?.end('bye');
      },
      dataReceived() {},
    }),
  };
  const copy = transform('copy', () => ({}));
  const port = await rig.listen(stack(copy, tls(localhostCertificate))(giving));
  const client = await rig.connect(port, { verify: false });
  expect(await client.heard).toBe('bye');
  const { local } = client.transport ?? {};
  expect(seen).toEqual([host, local && 'port' in local ? local.port : 'none', port]);
  client.transport?.close();
});

test('a version below TLS 1.2 is refused, and the client learns why', async () => {
  await using rig = new TlsRig();
  const port = await rig.serve(localhostCertificate);
  const options: TlsClientOptions = {
    verify: false,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  };
  const { lost } = await rig.connect(port, options);
  expect(await lost).toMatchObject({
    error: { message: expect.stringMatching(/protocol version/) },
  });
  expect(await rig.servers[0]?.lost).toMatchObject({
    kind: 'protocol',
    error: { cause: { code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' } },
  });
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'close says goodbye and ends by its deadline, with a peer that never answers, with %s',
  async (maxVersion) => {
    await using rig = new TlsRig();
    const factory: Factory = {
      name: 'closing',
      buildProtocol: () => ({
        connectionMade: (t) => t.close({ deadlineMs: 60 }),
        dataReceived() {},
      }),
    };
    const big: Factory = {
      name: 'blocked',
      buildProtocol: () => ({
        connectionMade(t) {
          t.write(Buffer.alloc(12_000_000));
          t.close({ deadlineMs: 60 });
        },
        dataReceived() {},
      }),
    };
    const polite = await rig.serve({ ...localhostCertificate, maxVersion }, factory);
    const blocked = await rig.serve({ ...localhostCertificate, maxVersion }, big);
    // They shake hands, read what is sent or do not, and never end their side.
    const open = (port: number): TLSSocket => tlsConnect({ host, port, rejectUnauthorized: false });
    const reader = open(polite).on('error', () => undefined);
    const ended = new Promise((done) => reader.once('end', done));
    reader.resume();
    const deaf = open(blocked).on('error', () => undefined);
    deaf.pause();
    await ended;
    await expect.poll(() => rig.servers.length).toBe(2);
    const reasons = await Promise.all(rig.servers.map(({ lost }) => lost));
    expect(reasons).toContainEqual({ kind: 'done' });
    expect(reasons).toContainEqual({ kind: 'timeout', timer: 'close', afterMs: 60 });
    reader.destroy();
    deaf.destroy();
  },
);

test.each([
  ['of node', undefined, nodeTls],
  ['of node', '', nodeTls],
  ['of node', '.', nodeTls],
  ['that is fake', undefined, new FakeTls()],
  ['that is fake', '', new FakeTls()],
])(
  'a client %s that is to verify must know a name, not %j, and the mistake is its own',
  async (_, serverName, tls) => {
    const testReactor = createTestReactor({ tls });
    const transport = new FakeTransport({ reactor: testReactor, side: 'client' });
    transport.start({
      connectionMade: (t) =>
        void testReactor.tls.startClient(
          t,
          { serverName },
          { name: 'upper', buildProtocol: () => undefined },
        ),
      dataReceived() {},
    });
    await transport.settle();
    expect(transport.closedWith).toMatchObject({ kind: 'protocol', error: expect.any(TypeError) });
    expect(testReactor.reports.problems).toHaveLength(1);
    expect(testReactor.clock.timers).toBe(0);
  },
);

// On the client's side node ends the process over it.
test.each([
  ['startClient', { alpn: [''] }, undefined],
  ['startClient', {}, ['']],
  ['startServer', {}, ['']],
] as const)(
  '%s with %j refuses to offer %j, and leaves the connection to its owner',
  (start, more, names) => {
    const testReactor = createTestReactor();
    const transport = new FakeTransport({ reactor: testReactor, side: 'client' });
    const upper = { name: 'upper', acceptableProtocols: names, buildProtocol: () => undefined };
    const options = { ...localhostCertificate, verify: false, ...more };
    transport.start({ dataReceived() {} });
    expect(() => testReactor.tls[start](transport, options, upper)).toThrow(TypeError);
    expect(transport.wireState).toBe('open');
    expect(testReactor.clock.timers).toBe(0);
  },
);

test('a port that stops while TLS says goodbye waits for nothing', async () => {
  for (let round = 0; round < 5; round++) {
    const rig = new TlsRig();
    const port = await rig.serve(localhostCertificate);
    const clients = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const client = await rig.connect(port, { verify: false });
        client.transport?.close();
        return client;
      }),
    );
    await rig[Symbol.asyncDispose]();
    const ends = [...clients, ...rig.servers].map(async ({ lost }) => (await lost).kind);
    for (const kind of await Promise.all(ends)) {
      expect(['done', 'reset', 'shutdown']).toContain(kind);
    }
  }
});

test('whoever stops the port from inside of a TLS callback does not bring the process down', async () => {
  let stop: (() => unknown) | undefined;
  const stopping = watched({ dataReceived: () => void stop?.() });
  const port = await listen(tls(localhostCertificate)(stopping.factory));
  stop = () => ports[0]?.stop();
  const client = connectTls(port, {
    connectionMade: (t) => void t.write(Buffer.from('stop')),
    dataReceived() {},
  });
  expect(await stopping.lost).toEqual({ kind: 'shutdown' });
  // The reset may overtake the tickets of the server.
  expect(['done', 'reset']).toContain((await client).kind);
});
