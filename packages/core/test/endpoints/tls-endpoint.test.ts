import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { TLS } from '../../src/connection/info-keys.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Tcp, TcpConnectOptions, TcpListenOptions } from '../../src/contract/tcp.ts';
import type { Tls, TlsOptions, TlsServerOptions } from '../../src/contract/tls.ts';
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
  server?: TlsServerOptions;
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
    startServer(_under, options) {
      asked.server = options;
      return { drainRequested: () => undefined };
    },
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

test.each(['cancelling', 'a signal'])(
  '%s during the handshake aborts the connection',
  async (how) => {
    const abort = new AbortController();
    const endpoint = parseClientEndpoint('tls://mail.example:993');
    const connected = endpoint.connect(reactor, discard, { signal: abort.signal });
    if (how === 'cancelling') connected.cancel();
    else abort.abort();
    await expect(connected).rejects.toBeInstanceOf(CancelledError);
    expect(asked.connect?.[1].wireState).toBe('reset');
  },
);

test.each([
  'tls://:443?cert=c.pem&key=k.pem&ca=ca.pem&alpn=h2,http/1.1&minVersion=TLSv1.3&maxVersion=TLSv1.3' +
    '&ciphers=TLS_AES_128_GCM_SHA256&handshakeTimeoutMs=500&clientCertificates=require&reload=SIGHUP&backlog=7',
  'tls://127.0.0.1:0?cert=c.pem&key=k.pem&reload=never',
])('listening at %s is what the text says, and the text again', (text) => {
  expect(new URLSearchParams(String(parseServerEndpoint(text)).split('?')[1])).toEqual(
    new URLSearchParams(text.split('?')[1]),
  );
});

test.each([
  ['clientCertificates=always', 'option "clientCertificates" must be request or require: "always"'],
  ['clientCertificates=require', 'option "ca" is missing: "clientCertificates" needs it'],
  ['reload=often', 'option "reload" must be poll or SIGHUP or never: "often"'],
  ['minVersion=SSLv3', 'option "minVersion" must be TLSv1.2 or TLSv1.3: "SSLv3"'],
  ['alpn=h2,,x', 'option "alpn" must be names with commas between: "h2,,x"'],
])('%s is refused, and the option named', (option, why) => {
  expect(() => parseServerEndpoint(`tls://:443?cert=c&key=k&${option}`)).toThrow(why);
});

describe('a port with a certificate from files', () => {
  const port = { address: { kind: 'memory', name: 'port' } } as unknown as Port;
  const started = (options: string): Factory => {
    void parseServerEndpoint(`tls://:443?cert=${cert}&key=${key}${options}`).listen(
      reactor,
      discard,
    );
    const factory = (asked.listen as [TcpListenOptions, Factory])[1];
    factory.started?.(port);
    return factory;
  };

  test('watches it from start to stop', () => {
    const factory = started('');
    expect(reactor.clock.timers).toBe(1);
    expect(reactor.lifecycle.signalListeners).toBe(0);
    factory.stopped?.(port);
    expect(reactor.clock.timers).toBe(0);
  });

  test('waits for SIGHUP if told to', () => {
    const factory = started('&reload=SIGHUP');
    expect(reactor.clock.timers).toBe(0);
    expect(reactor.lifecycle.signalListeners).toBe(1);
    factory.stopped?.(port);
    expect(reactor.lifecycle.signalListeners).toBe(0);
  });

  test('reads it once if told to', () => {
    started('&reload=never');
    expect([reactor.clock.timers, reactor.lifecycle.signalListeners]).toEqual([0, 0]);
  });

  test('shows each handshake what is current, with the rest of the options', () => {
    const factory = started(`&ca=${cert}&clientCertificates=request&alpn=h2`);
    const transport = new FakeTransport({ reactor });
    transport.adopt(factory);
    const { certificate, ...options } = asked.server as TlsServerOptions;
    expect(options).toEqual({
      alpn: ['h2'],
      ca: Buffer.from('CERT'),
      clientCertificates: 'request',
    });
    expect(certificate?.current()).toEqual({ cert: Buffer.from('CERT'), key: Buffer.from('KEY') });
    factory.stopped?.(port);
  });
});

test('connecting again uses the same options object while the files are the same, for its sessions', () => {
  const ca = join(directory, 'ca.pem');
  writeFileSync(ca, 'ONE');
  const endpoint = parseClientEndpoint(`tls://mail.example:993?ca=${ca}`);
  const optionsOf = (): TlsOptions | undefined => {
    endpoint.connect(reactor, discard).cancel();
    return asked.client?.[0];
  };
  const first = optionsOf();
  expect(optionsOf()).toBe(first);
  writeFileSync(ca, 'TWO');
  expect(optionsOf()).toEqual({ serverName: 'mail.example', ca: Buffer.from('TWO') });
});
