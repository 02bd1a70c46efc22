import { type Transport, toSocket } from '@hawser/core';
import { connectPipe, createTestReactor } from '@hawser/core/testing';
import ssh2, { type ConnectConfig, type Session } from 'ssh2';
import { describe, expect, test } from 'vitest';
import { IDENTIFICATION, SOFTWARE } from '../src/identification-preamble.ts';
import { type Ssh2Client, sessionOf } from '../src/ssh2-internals.ts';
import { HOST_KEY } from './world.ts';

// What the package takes for granted of ssh2 without being promised it. When an upgrade fails one of these, the file
// that leans on it has to be looked at, not the test.

const HANDLERS = [
  'CHANNEL_OPEN',
  'CHANNEL_DATA',
  'CHANNEL_WINDOW_ADJUST',
  'CHANNEL_CLOSE',
  'USERAUTH_REQUEST',
];

interface Seen {
  readonly client: Ssh2Client;
  readonly socket: unknown;
  readonly writes: Buffer[];
  readonly kexAtStart: unknown;
  readonly kexAtReady: unknown;
  readonly session: Session & Partial<Record<'_chanInfo' | '_channel', unknown>>;
}

let seen: Promise<Seen> | undefined;

/** One login with a command, on bare ssh2. */
function look(): Promise<Seen> {
  seen ??= new Promise((resolve) => {
    const reactor = createTestReactor();
    const writes: Buffer[] = [];
    const server = new ssh2.Server({ hostKeys: [HOST_KEY], ident: SOFTWARE });
    const sockets: unknown[] = [];
    const made = (use: (transport: Transport) => void) => () => ({
      connectionMade: use,
      dataReceived: () => undefined,
    });
    server.on('connection', (connection) => {
      const client = connection as Ssh2Client;
      let kexAtStart: unknown;
      queueMicrotask(() => {
        kexAtStart = client._protocol._kexinit;
      });
      client.on('error', () => undefined);
      client.on('authentication', (context) => context.accept());
      client.on('session', (accept) => {
        const session = accept() as unknown as Seen['session'];
        const kexAtReady = client._protocol._kexinit;
        session.on('exec', (start) => {
          start();
          const socket = sockets[0];
          resolve({ client, socket, writes, kexAtStart, kexAtReady, session });
        });
      });
    });
    connectPipe(
      reactor,
      made((transport) => {
        const socket = toSocket(transport);
        sockets.push(socket);
        const write = socket.write.bind(socket);
        Object.defineProperty(socket, 'write', {
          value: (data: Buffer) => {
            writes.push(data);
            return write(data);
          },
        });
        server.injectSocket(socket);
      }),
      made((transport) => {
        const client = new ssh2.Client();
        client.on('ready', () => client.exec('x', () => undefined));
        const sock = toSocket(transport) as ConnectConfig['sock'] & object;
        client.connect({ username: 'x', password: 'x', readyTimeout: 0, sock });
      }),
    );
  });
  return seen;
}

describe('ssh2', () => {
  test('writes its identification first, in one piece', async () => {
    expect((await look()).writes[0]).toEqual(IDENTIFICATION);
  });

  test.each(HANDLERS)('has a message handler %s that can be replaced', async (name) => {
    const handlers = (await look()).client._protocol._handlers;
    expect(Object.getOwnPropertyDescriptor(handlers, name)).toMatchObject({
      writable: true,
      value: expect.any(Function),
    });
  });

  test.each(['disconnect', 'ping', 'channelOpenFail', 'channelClose'] as const)(
    'has a protocol that can %s',
    async (name) => {
      expect((await look()).client._protocol[name]).toBeTypeOf('function');
    },
  );

  test('keeps the socket it was given in _sock', async () => {
    const { client, socket } = await look();
    expect(client._sock).toBe(socket);
  });

  test('has _kexinit set while keys are exchanged and not after', async () => {
    const { kexAtStart, kexAtReady } = await look();
    expect(kexAtStart).toBeInstanceOf(Buffer);
    expect(kexAtReady).toBeUndefined();
  });

  test('keeps sessions in _chanMgr, with the channel inside once one has started', async () => {
    const { client, session } = await look();
    expect(sessionOf(client, 0)).toBe(session);
    expect(client._chanMgr).toHaveProperty('remove', expect.any(Function));
    const channel = expect.objectContaining({
      incoming: expect.objectContaining({ window: expect.any(Number), state: 'open' }),
      outgoing: expect.objectContaining({
        id: expect.any(Number),
        window: expect.any(Number),
        packetSize: expect.any(Number),
        state: 'open',
      }),
    });
    expect(session._channel).toEqual(channel);
    expect(session._chanInfo).toEqual(channel);
  });
});
