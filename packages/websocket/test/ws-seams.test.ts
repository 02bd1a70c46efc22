import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { http } from '@hawser/http';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { ClosingSocket } from '../src/closing-socket.ts';
import { webSocket } from '../src/index.ts';
import { receiverOf } from '../src/own-fragments.ts';
import { askRaw, clientFrame, type RawClient } from './raw-client.ts';
import { pipeWorld } from './world.ts';

// What this package asks of ws beyond its documentation. A failure here means: read the new ws before raising its version.

let world = pipeWorld();
afterEach(async () => {
  await world.stop();
  world = pipeWorld();
});

/** A server of ws with sockets of ours, and the one session that began. */
async function bareSession(
  options: object = {},
): Promise<{ ws: ClosingSocket; client: RawClient }> {
  const server = new WebSocketServer({ noServer: true, WebSocket: ClosingSocket, ...options });
  let made: ClosingSocket | undefined;
  const factory = http(() => new Response('page'), {
    websocket: {
      '/live': (request, socket, head) => {
        server.handleUpgrade(request as IncomingMessage, socket, head, (ws) => {
          made = ws;
        });
      },
    },
  });
  const client = await askRaw(world, factory);
  if (!made) throw new Error('no session');
  return { ws: made, client };
}

test('the version is the one these were found in', () => {
  const { version } = createRequire(import.meta.url)('ws/package.json') as { version: string };
  expect(version).toBe('8.23.0');
});

test('ws makes sessions of the class it is given', async () => {
  const { ws } = await bareSession();
  expect(ws).toBeInstanceOf(ClosingSocket);
  expect(ws.extensions).toBe('');
});

test('ws answers a close frame through its own close', async () => {
  const { ws, client } = await bareSession();
  const closing = vi.fn<() => void>();
  ws.closing = closing;
  client.send(clientFrame(8, Buffer.of(3, 232)));
  await world.elapse(0);
  expect(closing).toHaveBeenCalled();
});

test('ws answers a fault of the peer through its own close, and reports it as an error', async () => {
  const { ws, client } = await bareSession();
  const closing = vi.fn<() => void>();
  const failed = vi.fn<(error: Error) => void>();
  ws.closing = closing;
  ws.on('error', failed);
  client.send(Buffer.of(0xff, 0xff));
  await world.elapse(0);
  expect(closing).toHaveBeenCalled();
  expect(failed).toHaveBeenCalledTimes(1);
});

test('ws waits for a close as long as closeTimeout says, on a real timer', async () => {
  const { ws } = await bareSession({ closeTimeout: 123_456 });
  const timer = vi.spyOn(globalThis, 'setTimeout');
  ws.close();
  expect(timer.mock.calls.map(([, ms]) => ms)).toEqual([123_456]);
});

test('ws tells of a bad handshake instead of answering it, if somebody listens', async () => {
  const client = await askRaw(
    world,
    http(() => new Response('page'), {
      websocket: { '/live': webSocket(() => undefined) },
    }),
    { 'Sec-WebSocket-Key': 'short' },
  );
  // The answer of ws itself has no Date.
  expect(client.received).toContain('\r\nDate: ');
});

test('a frame written to the socket between two messages of ws arrives between them', async () => {
  const server = new WebSocketServer({ noServer: true });
  const factory = http(() => new Response('page'), {
    websocket: {
      '/live': (request, socket, head) => {
        server.handleUpgrade(request as IncomingMessage, socket, head, (ws) => {
          ws.send('a');
          socket.write(Buffer.from('\x81\x01b', 'latin1'));
          ws.send('c');
        });
      },
    },
  });
  const client = await askRaw(world, factory);
  expect(client.received.endsWith('\x81\x01a\x81\x01b\x81\x01c')).toBe(true);
});

test('ws gathers the fragments of a message in a list, and says so when each is complete', async () => {
  const { ws, client } = await bareSession();
  const receiver = receiverOf(ws);
  const gathered: [boolean, string[]][] = [];
  const complete = receiver.dataMessage;
  receiver.dataMessage = (done) => {
    gathered.push([receiver._fin, receiver._fragments.map(String)]);
    complete.call(receiver, done);
  };
  client.send(clientFrame(1, 'a', { fin: false }));
  client.send(clientFrame(0, 'b'));
  await world.elapse(0);
  expect(gathered).toEqual([
    [false, ['a']],
    [true, ['a', 'b']],
  ]);
});

test('what waits counts as buffered, whoever wrote it', async () => {
  const { ws, client } = await bareSession();
  client.transport?.pauseReading();
  const socket = Reflect.get(ws, '_socket') as NodeJS.WritableStream;
  for (let count = 0; count < 20; count++) socket.write(Buffer.alloc(50_000));
  expect(ws.bufferedAmount).toBeGreaterThan(500_000);
});
