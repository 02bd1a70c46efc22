import { describe, expect, test } from 'vitest';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import { startTls } from '../../src/layers/transform/start-tls.ts';
import { clientHelloBytes } from '../../testing/client-hello-bytes.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { feed } from '../../testing/feed.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestAuthority } from '../../testing/test-certificates.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';
import { LineClient, LineServer } from './start-tls-session.ts';

const authority = createTestAuthority();
const certificate = authority.server('localhost');
const trusting = { ca: authority.ca, serverName: 'localhost' };
const injected = { kind: 'protocol', error: { code: 'HAWSER_PLAINTEXT_AFTER_STARTTLS' } };

describe.each(['whole', 'bytes', 3, 4] as const)('over a pipe, cut %s', (cut) => {
  async function talk(server: Protocol, client: Protocol) {
    const reactor = createTestReactor();
    const reasons: CloseReason[] = [];
    const pipe = connectPipe(
      reactor,
      () => server,
      () => client,
      { cut },
    );
    pipe.server.onClose((reason) => reasons.push(reason));
    pipe.client.onClose((reason) => reasons.push(reason));
    await reactor.clock.elapse(100);
    return { reactor, reasons, pipe };
  }

  test('both sides go on in TLS, with what they say in one breath on either side of it', async () => {
    const [asked, answered]: [string[], string[]] = [[], []];
    const { reactor, reasons, pipe } = await talk(
      new LineServer(certificate, asked),
      new LineClient(trusting, answered, { before: 'one\ntwo\n', after: 'three\nfour\n' }),
    );
    expect(asked).toEqual([
      'clear one',
      'clear two',
      'clear starttls',
      'secure three',
      'secure four',
    ]);
    expect(answered.join('')).toBe('ok three\nok four\n');
    expect(reasons).toEqual([]);
    pipe.server.abort();
    await reactor.clock.settle();
    expect(reactor.reports.problems).toEqual([]);
    expect(reactor.clock.timers).toBe(0);
  });

  test('a client in a hurry is understood where the protocol allows it', async () => {
    const [asked, answered]: [string[], string[]] = [[], []];
    // Such a protocol has no answer in clear, which the client would take for TLS.
    const server: Protocol = {
      dataReceived(data) {
        this.dataReceived = () => expect.fail();
        expect(data.subarray(0, 1).toString()).toBe('s');
        const at = data.indexOf('\n');
        const upgrade = (leftover: Buffer): void =>
          startTls(pipe, {
            side: 'server',
            options: certificate,
            clientMayHurry: true,
            leftover,
            upper: () => new LineServer(certificate, asked),
          });
        if (at >= 0) upgrade(data.subarray(at + 1));
        else {
          let head = data;
          this.dataReceived = (more) => {
            head = Buffer.concat([head, more]);
            const end = head.indexOf('\n');
            if (end >= 0) upgrade(head.subarray(end + 1));
          };
        }
      },
      connectionMade(t) {
        pipe = t;
      },
    };
    let pipe: Parameters<NonNullable<Protocol['connectionMade']>>[0];
    await talk(
      server,
      new LineClient(trusting, answered, { before: '', after: 'hello\n', hurry: true }),
    );
    expect(asked).toEqual(['secure hello']);
    expect(answered.join('')).toBe('ok hello\n');
  });

  test('a command injected behind starttls is never heard, neither in clear nor as if encrypted', async () => {
    const asked: string[] = [];
    const { reasons } = await talk(new LineServer(certificate, asked), {
      connectionMade: (t) => void t.write(Buffer.from('starttls\nrcpt evil\n')),
      dataReceived() {},
    });
    expect(asked).toEqual(['clear starttls']);
    // Read with the command it is refused; later it is no handshake.
    expect(reasons).toContainEqual(
      expect.objectContaining({
        kind: 'protocol',
        error: expect.objectContaining({
          code: expect.stringMatching(/^HAWSER_(PLAINTEXT_AFTER_STARTTLS|TLS_HANDSHAKE)$/),
        }),
      }),
    );
  });

  test('an answer injected behind the consent of the server is never heard', async () => {
    const answered: string[] = [];
    const { reasons } = await talk(
      {
        connectionMade: (t) => void t.write(Buffer.from('ok starttls\nok evil\n')),
        dataReceived() {},
      },
      new LineClient(trusting, answered, { before: '', after: 'secret\n' }),
    );
    expect(answered).toEqual([]);
    expect(reasons.map(({ kind }) => kind)).toContain('protocol');
  });
});

test('what was read behind the command aborts the connection, and says so', async () => {
  const { closedWith, written, problems } = await feed(
    () => new LineServer(certificate, []),
    'starttls\nrcpt evil\n',
    { cuts: 'whole' },
  );
  expect(closedWith).toMatchObject(injected);
  expect(written.toString()).not.toContain('evil');
  expect(problems).toEqual([]);
});

test.each([
  ['a hello, if the client may not hurry', clientHelloBytes(), false],
  ['what is no hello, if it may', Buffer.from('quit\n'), true],
  ['what begins like one', Buffer.from([22, 1, 0]), true],
])('read with the command, %s is refused', async (_, behind, clientMayHurry) => {
  const transport = new FakeTransport();
  transport.start(new LineServer(certificate, [], clientMayHurry));
  transport.receive(Buffer.concat([Buffer.from('starttls\n'), behind]));
  await transport.settle();
  expect(transport.closedWith).toMatchObject(injected);
});

test('a drain during the handshake ends the connection', async () => {
  const transport = new FakeTransport();
  transport.start(new LineServer(certificate, []));
  transport.receive('starttls\n');
  await transport.settle();
  transport.requestDrain(1000);
  await transport.settle();
  expect(transport.closedWith).toEqual({ kind: 'shutdown' });
});

test('a peer that agrees and then keeps quiet runs into the deadline of the handshake', async () => {
  const transport = new FakeTransport();
  transport.start(new LineServer({ ...certificate, handshakeTimeoutMs: 500 }, []));
  transport.receive('starttls\n');
  const { reactor } = transport;
  await (reactor as ReturnType<typeof createTestReactor>).clock.elapse(500);
  expect(transport.closedWith).toEqual({ kind: 'timeout', timer: 'handshake', afterMs: 500 });
  expect(transport.takeText()).toBe('ok starttls\n');
});
