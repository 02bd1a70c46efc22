import { describe, expect, test } from 'vitest';
import { TLS } from '../../src/connection/info-keys.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { TlsClientOptions, TlsInfo, TlsServerOptions } from '../../src/contract/tls.ts';
import { routeByServerName } from '../../src/layers/preamble/client-hello-router.ts';
import { SecuringProtocol } from '../../src/layers/transform/securing-protocol.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { FakeTls, type FakeTlsOptions } from '../../testing/fake-tls.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';
import { LineClient, LineServer } from '../layers/start-tls-session.ts';

interface Plan {
  readonly fake?: FakeTlsOptions;
  readonly server?: TlsServerOptions;
  readonly client?: TlsClientOptions;
  readonly cut?: 'whole' | 'bytes' | number;
  readonly app?: (inner: Factory) => Factory;
}

/** A client that greets and an echo, with fake TLS between. */
async function shake({ fake, server = {}, client = {}, cut, app }: Plan = {}) {
  const reactor = createTestReactor({ tls: new FakeTls(fake) });
  const infos: { server?: TlsInfo | undefined; client?: TlsInfo | undefined } = {};
  const reasons: { server?: CloseReason; client?: CloseReason } = {};
  let text = '';
  const echo: Factory = {
    name: 'echo',
    acceptableProtocols: ['a', 'b'],
    buildProtocol(incoming) {
      infos.server = incoming.info(TLS);
      return {
        connectionMade(t) {
          this.dataReceived = (data) => void t.write(data);
        },
        dataReceived() {},
      } satisfies Protocol;
    },
  };
  const upper: Factory = {
    name: 'client',
    buildProtocol: () => ({
      connectionMade(t) {
        infos.client = t.info(TLS);
        t.write(Buffer.from('hello'));
        t.end();
      },
      dataReceived: (data) => void (text += data.toString()),
    }),
  };
  const secured = tls(server)(echo);
  const pipe = connectPipe(
    reactor,
    app ? app(secured) : secured,
    () =>
      new SecuringProtocol((under) =>
        reactor.tls.startClient(under, { serverName: 'a.example', ...client }, upper),
      ),
    { cut },
  );
  pipe.server.onClose((reason) => void (reasons.server = reason));
  pipe.client.onClose((reason) => void (reasons.client = reason));
  await reactor.clock.settle();
  return { reactor, infos, reasons, text: () => text, pipe };
}

const failed = (message: string): unknown => ({
  kind: 'protocol',
  error: { code: 'HAWSER_TLS_HANDSHAKE', message: `Cannot finish the TLS handshake: ${message}` },
});

test.each(['whole', 'bytes', 1, 2, 3] as const)(
  'both sides agree and then talk, however the bytes are cut: %s',
  async (cut) => {
    const client = { serverName: 'a.example', alpn: ['x', 'b'] };
    const { infos, text, reasons, reactor } = await shake({ cut, client });
    const agreed = { version: 'TLSv1.3', cipher: 'TLS_FAKE', alpn: 'b', serverName: 'a.example' };
    expect(infos.server).toMatchObject({ ...agreed, authorized: false });
    expect(infos.client).toMatchObject({ ...agreed, authorized: true });
    expect(infos.client?.peerCertificate()).toBeUndefined();
    expect(text()).toBe('hello');
    expect(reasons).toEqual({ server: { kind: 'done' }, client: { kind: 'done' } });
    expect(reactor.clock.timers).toBe(0);
    expect(reactor.reports.problems).toEqual([]);
  },
);

test('the bytes are the same each time, and real enough to route by', async () => {
  const client = { serverName: 'a.example' };
  const { text } = await shake({
    client,
    app: (inner) => routeByServerName({ 'a.example': inner }),
  });
  expect(text()).toBe('hello');
});

describe('a handshake fails', () => {
  test('when the server refuses, and the client hears why', async () => {
    const { infos, reasons } = await shake({ fake: { handshake: 'server refuses' } });
    expect(reasons.server).toMatchObject(failed('the server refuses') as object);
    expect(reasons.client).toMatchObject(failed('the peer sent alert 40') as object);
    expect(infos).toEqual({});
  });

  test('when the client refuses, and the server hears why', async () => {
    const { infos, reasons } = await shake({ fake: { handshake: 'client refuses' } });
    expect(reasons.client).toMatchObject(failed('the client refuses the certificate') as object);
    expect(reasons.server).toMatchObject(failed('the peer sent alert 42') as object);
    expect(infos).toEqual({});
  });

  test('when the certificate is for another name, unless the client does not verify', async () => {
    const fake = { certificateNames: ['*.example'] };
    const strict = await shake({ fake, client: { serverName: 'other.test' } });
    expect(strict.reasons.client).toMatchObject({ error: { code: 'HAWSER_TLS_HANDSHAKE' } });
    const good = await shake({ fake, client: { serverName: 'a.example' } });
    expect(good.infos.client?.authorized).toBe(true);
    const lenient = await shake({ fake, client: { serverName: 'other.test', verify: false } });
    expect(lenient.infos.client).toMatchObject({
      authorized: false,
      authorizationError: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    expect(lenient.text()).toBe('hello');
  });

  test('without a common protocol', async () => {
    const { reasons } = await shake({ client: { alpn: ['x'] } });
    expect(reasons.server).toMatchObject(failed('no application protocol') as object);
    expect(reasons.client).toMatchObject(failed('the peer sent alert 120') as object);
  });

  test('without the certificate that is required', async () => {
    const server = { clientCertificates: 'require' } as const;
    const without = await shake({ server });
    expect(without.reasons.server).toMatchObject(failed('the client has no certificate') as object);
    const withOne = await shake({ server, client: { cert: 'x', key: 'x' } });
    expect(withOne.infos.server?.authorized).toBe(true);
  });

  test.each(['server hangs', 'client hangs'] as const)(
    'at the deadline when the %s',
    async (handshake) => {
      const { reactor, reasons } = await shake({
        fake: { handshake },
        server: { handshakeTimeoutMs: 500 },
      });
      expect(reasons).toEqual({});
      await reactor.clock.elapse(500);
      expect(reasons.server).toEqual({ kind: 'timeout', timer: 'handshake', afterMs: 500 });
      expect(reasons.client).toMatchObject({ kind: 'reset' });
      expect(reactor.clock.timers).toBe(0);
    },
  );

  test('when the peer speaks something else, or leaves', async () => {
    const reactor = createTestReactor({ tls: new FakeTls() });
    for (const [said, message] of [
      ['GET / HTTP/1.1\r\n\r\n', 'Cannot read the TLS client hello: a record is of type 71'],
      ['', 'the peer left'],
    ] as const) {
      const { server } = connectPipe(
        reactor,
        tls({})({ name: 'never', buildProtocol: () => undefined }),
        () => ({
          connectionMade(t) {
            t.write(Buffer.from(said));
            t.end();
          },
          dataReceived() {},
        }),
      );
      const reason = new Promise<CloseReason>((done) => server.onClose(done));
      await reactor.clock.settle();
      expect(await reason).toMatchObject(failed(message) as object);
    }
  });
});

test('how it goes can change from one connection to the next', () => {
  const fake = new FakeTls();
  expect(fake.handshake).toBe('completes');
  fake.handshake = 'server refuses';
  expect(fake.handshake).toBe('server refuses');
  expect(fake.check()).toBeUndefined();
});

test('a drain before the handshake is done aborts; after it, it reaches the protocol', async () => {
  const hanging = await shake({ fake: { handshake: 'client hangs' } });
  hanging.pipe.server.requestDrain(1000);
  await hanging.reactor.clock.settle();
  expect(hanging.reasons.server).toEqual({ kind: 'shutdown' });
});

test('starttls works with it as with the real one', async () => {
  const reactor = createTestReactor({ tls: new FakeTls() });
  const [asked, answered]: [string[], string[]] = [[], []];
  connectPipe(
    reactor,
    () => new LineServer({}, asked),
    () =>
      new LineClient({ serverName: 'a.example' }, answered, { before: 'one\n', after: 'two\n' }),
    { cut: 5 },
  );
  await reactor.clock.settle();
  expect(asked).toEqual(['clear one', 'clear starttls', 'secure two']);
  expect(answered.join('')).toBe('ok two\n');
});
