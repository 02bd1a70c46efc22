import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { TLS } from '../../src/connection/info-keys.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Tcp, TcpConnectOptions, TcpListenOptions } from '../../src/contract/tcp.ts';
import type { Tls, TlsOptions } from '../../src/contract/tls.ts';
import { fail } from '../../src/deferred/fail.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { parseClientEndpoint, parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { CancelledError } from '../../src/errors.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

const directory = mkdtempSync(join(tmpdir(), 'hawser-tls-'));
const cert = join(directory, 'cert.pem');
const key = join(directory, 'key.pem');
writeFileSync(cert, 'CERT');
writeFileSync(key, 'KEY');

/** What the endpoint asked of the reactor below it. */
let asked: {
  listen?: [TcpListenOptions, Factory];
  connect?: [TcpConnectOptions, FakeTransport];
  checked: TlsOptions[];
  client?: [TlsOptions, Factory];
};
let reactor: TestReactor;

beforeEach(() => {
  asked = { checked: [] };
  const tcp: Tcp = {
    listen(options, factory) {
      asked.listen = [options, factory as Factory];
      return fail(new Error('not really'));
    },
    connect(options, factory) {
      const transport = new FakeTransport({ reactor });
      asked.connect = [options, transport];
      transport.adopt(factory as Factory);
      return succeed(transport);
    },
  };
  const tls: Tls = {
    startServer: () => ({ drainRequested: () => undefined }),
    startClient(_under, options, upper) {
      asked.client = [options, upper];
      return { drainRequested: () => undefined };
    },
    check: (options) => void asked.checked.push(options),
  };
  reactor = createTestReactor({ tcp, tls });
});

const discard: Factory = { name: 'discard', buildProtocol: () => ({ dataReceived() {} }) };

test('listening reads the files, checks them and puts the tls layer in front', () => {
  const endpoint = parseServerEndpoint(`tls://:443?cert=${cert}&key=${key}&alpn=h2&backlog=7`);
  void endpoint.listen(reactor, discard);
  expect(asked.listen?.[0]).toEqual({ port: 443, backlog: 7, signal: undefined });
  expect(asked.listen?.[1].name).toBe('tls > discard');
  expect(asked.checked).toEqual([
    { cert: Buffer.from('CERT'), key: Buffer.from('KEY'), alpn: ['h2'] },
  ]);
});

test('a missing file is named, and nothing listens', async () => {
  const endpoint = parseServerEndpoint(`tls://:443?cert=/nowhere/c.pem&key=${key}`);
  await expect(endpoint.listen(reactor, discard)).rejects.toMatchObject({
    code: 'HAWSER_BAD_ENDPOINT',
    message: expect.stringMatching(/cert cannot be read: ENOENT.*\/nowhere\/c\.pem/),
  });
  expect(asked.listen).toBeUndefined();
});

test('files that OpenSSL does not accept fail the listen', async () => {
  const check = (): never => {
    throw new Error('key values mismatch');
  };
  const strict = { ...reactor, tls: { ...reactor.tls, check } };
  const endpoint = parseServerEndpoint(`tls://:443?cert=${cert}&key=${key}`);
  await expect(endpoint.listen(strict, discard)).rejects.toThrow(
    'its certificate and key cannot be used: key values mismatch',
  );
});

test('connecting settles with the protocol that stands on TLS', async () => {
  const protocol = { dataReceived: () => undefined };
  const connected = parseClientEndpoint('tls://mail.example:993').connect(reactor, () => protocol);
  expect(asked.connect?.[0]).toMatchObject({ host: 'mail.example', port: 993 });
  expect(asked.client?.[0]).toEqual({ serverName: 'mail.example' });
  expect(connected.peek().state).toBe('pending');
  const upper = new FakeTransport({ reactor, info: new Map([[TLS, 'facts']]) });
  upper.adopt((asked.client as [TlsOptions, Factory])[1]);
  expect(await connected).toBe(protocol);
});

test('a handshake that fails rejects with the reason', async () => {
  const connected = parseClientEndpoint('tls://mail.example:993').connect(reactor, discard);
  asked.connect?.[1].lose(new Error('certificate has expired'));
  await expect(connected).rejects.toMatchObject({
    code: 'HAWSER_TLS_HANDSHAKE',
    message: 'Cannot connect to tls://mail.example:993: reset: certificate has expired',
  });
});

test('cancelling during the handshake aborts the connection', async () => {
  const connected = parseClientEndpoint('tls://mail.example:993').connect(reactor, discard);
  connected.cancel();
  await expect(connected).rejects.toBeInstanceOf(CancelledError);
  expect(asked.connect?.[1].wireState).toBe('reset');
});
