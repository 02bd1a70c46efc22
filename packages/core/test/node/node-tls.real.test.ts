import { connect, createServer } from 'node:net';
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
import { tls } from '../../src/layers/transform/tls.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { localhostCertificate } from '../fixtures/localhost-certificate.ts';

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
