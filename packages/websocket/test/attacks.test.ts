// What a peer that means ill can make a session keep, answer or do.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateRawSync } from 'node:zlib';
import { http } from '@hawser/http';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type SessionHandler,
  type WebSocketOptions,
  type WebSocketSession,
  webSocket,
} from '../src/index.ts';
import { askRaw, clientFrame, type RawClient } from './raw-client.ts';
import { pipeWorld } from './world.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const KIBIBYTE = 1_024;
const READ_BYTES = 64 * KIBIBYTE;
const Opcode = { Continuation: 0, Text: 1, Binary: 2, Ping: 9, Pong: 10 } as const;

let world = pipeWorld();
let pages: string[] = [];
const codes: number[] = [];
const sessions: WebSocketSession[] = [];
const got: unknown[] = [];
afterEach(async () => {
  await world.stop();
  world = pipeWorld();
  pages = [];
  for (const list of [codes, sessions, got]) list.length = 0;
});

const listening: SessionHandler = { messageReceived: (message) => void got.push(message) };
const serving = (options?: WebSocketOptions, handler = listening) =>
  http(
    ({ url }) => {
      pages.push(url);
      return new Response('page');
    },
    {
      websocket: {
        '/live': webSocket((session) => {
          sessions.push(session);
          return { closed: (code) => void codes.push(code), ...handler };
        }, options),
      },
    },
  );
const opened = (options?: WebSocketOptions): Promise<RawClient> => askRaw(world, serving(options));
/** The code of the close frame that came last. */
const closeCode = ({ received }: RawClient): number =>
  Buffer.from(received.slice(-2), 'latin1').readUInt16BE();

/** The head of a client's frame of `length` bytes, with an all-zero mask. */
function frameHead(opcode: number, length: number): Buffer {
  const head = Buffer.alloc(14);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

describe('memory', () => {
  test('a fragment of one octet keeps no more of what was read with it', async () => {
    const client = await opened();
    // A pong that nobody asked for is legal, and nobody answers it.
    const pong = clientFrame(Opcode.Pong, 'x'.repeat(125));
    const pongs = Buffer.concat(Array.from({ length: READ_BYTES / pong.length }, () => pong));
    const before = arrayBufferBytes();
    for (let count = 0; count < 400; count++) {
      const opcode = count === 0 ? Opcode.Binary : Opcode.Continuation;
      const fragment = clientFrame(opcode, Buffer.of(count % 256), { fin: false });
      client.send(Buffer.concat([fragment, pongs]));
      await world.elapse(0);
    }
    // What is garbage may be counted until a later turn.
    await expect.poll(() => arrayBufferBytes() - before).toBeLessThan(20 * READ_BYTES);
    client.send(clientFrame(Opcode.Continuation, ''));
    await world.elapse(0);
    expect(got).toEqual([Buffer.from(Array.from({ length: 400 }, (_, at) => at % 256))]);
  });

  test('a message in more than 16,384 fragments ends the session with 1008', async () => {
    const client = await opened();
    const fragment = clientFrame(Opcode.Continuation, 'x', { fin: false });
    client.send(clientFrame(Opcode.Text, 'x', { fin: false }));
    client.send(Buffer.concat(Array.from({ length: 16_383 }, () => fragment)));
    await world.elapse(0);
    expect(sessions[0]?.open).toBe(true);
    client.send(fragment);
    await world.elapse(0);
    expect(closeCode(client)).toBe(1008);
  });

  test('a frame that comes in thousands of pieces ends the session with 1008', async () => {
    const client = await opened({ maxPayload: 10_000 });
    client.send(frameHead(Opcode.Binary, 10_000));
    for (let count = 0; count < 4_096; count++) {
      client.send('x');
      await world.elapse(0);
    }
    expect(sessions[0]?.open).toBe(true);
    client.send('x');
    await world.elapse(0);
    expect(closeCode(client)).toBe(1008);
  });

  test.each([8 * KIBIBYTE, 2 ** 40])(
    'a frame that says it has %d bytes ends the session with 1009 before they come',
    async (length) => {
      const client = await opened({ maxPayload: 8 * KIBIBYTE - 1 });
      client.send(frameHead(Opcode.Binary, length));
      await world.elapse(0);
      expect(closeCode(client)).toBe(1009);
      expect(got).toEqual([]);
    },
  );

  test('a few compressed octets that mean megabytes end the session with 1009', async () => {
    const client = await askRaw(world, serving({ deflate: true, maxPayload: 100 * KIBIBYTE }), {
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    });
    expect(client.received).toContain('permessage-deflate');
    const bomb = deflateRawSync(Buffer.alloc(10 * KIBIBYTE * KIBIBYTE), { finishFlush: 2 });
    const head = frameHead(Opcode.Binary, bomb.length);
    // RSV1: this message is compressed (RFC 7692 §6).
    head[0] = (head[0] ?? 0) | 0x40;
    client.send(Buffer.concat([head, bomb]));
    while (!client.received.includes('\x88\x02')) {
      await new Promise((done) => void setImmediate(done));
      await world.elapse(0);
    }
    expect(closeCode(client)).toBe(1009);
    expect(got).toEqual([]);
  });
});

describe('pings', () => {
  test('a thousand at once are answered with the first and the last, and end nothing', async () => {
    const client = await opened();
    const before = client.received.length;
    const pings = Array.from({ length: 1_000 }, (_, at) => clientFrame(Opcode.Ping, `${at}`));
    client.send(Buffer.concat(pings));
    await world.elapse(0);
    expect(client.received.slice(before)).toBe('\x8a\x010\x8a\x03999');
    client.send(clientFrame(Opcode.Text, 'still there'));
    await world.elapse(0);
    expect(got).toEqual(['still there']);
  });

  test('of a peer that reads nothing keep two answers', async () => {
    const client = await opened();
    const session = sessions[0] as WebSocketSession;
    client.transport?.pauseReading();
    session.send('x'.repeat(500_000));
    const before = session.bufferedBytes;
    for (let count = 0; count < 1_000; count++) {
      client.send(clientFrame(Opcode.Ping, 'x'.repeat(125)));
      await world.elapse(0);
    }
    expect(session.bufferedBytes - before).toBeLessThanOrEqual(127);
    client.transport?.resumeReading();
    await world.elapse(0);
    expect(session.bufferedBytes).toBe(0);
    expect(client.received.split('\x8a\x7d')).toHaveLength(3);
  });
});

describe('a connection that is a WebSocket', () => {
  test('takes frames that come with the request', async () => {
    await askRaw(world, serving(), {}, { after: clientFrame(Opcode.Text, 'early') });
    expect(got).toEqual(['early']);
  });

  test('takes no request after that, pipelined or not', async () => {
    const client = await askRaw(
      world,
      serving(),
      {},
      {
        after: 'GET /secret HTTP/1.1\r\nHost: a\r\n\r\n',
      },
    );
    expect(client.received.split('HTTP/1.1')).toHaveLength(2);
    expect(closeCode(client)).toBe(1002);
    expect(pages).toEqual([]);
  });

  test('is not begun by a request with a body, which is one like any other', async () => {
    const client = await askRaw(world, serving(), { 'Content-Length': '7' }, { after: 'content' });
    expect(client.received).toMatch(/^HTTP\/1\.1 200 /);
    expect(sessions).toEqual([]);
    expect(pages).toHaveLength(1);
  });

  test('begins when the requests before it were answered, in their order', async () => {
    const before = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
    const client = await askRaw(
      world,
      serving(),
      {},
      {
        before,
        after: clientFrame(Opcode.Text, 'x'),
      },
    );
    expect(client.received).toMatch(/^HTTP\/1\.1 200 [^]*pageHTTP\/1\.1 101 /);
    expect(got).toEqual(['x']);
  });

  test('is ended like that by a FIN of its peer', async () => {
    const client = await opened();
    client.send(clientFrame(Opcode.Text, 'unfinished', { fin: false }));
    client.transport?.end();
    await world.elapse(0);
    expect(codes).toEqual([1006]);
    expect(got).toEqual([]);
    expect(client.transport?.ending).toBe(true);
    expect(world.reactor.clock.timers).toBe(0);
  });
});

describe('frames that RFC 6455 forbids', () => {
  test.each([
    ['that is not masked (§5.1)', Buffer.of(0x81, 1, 120), 1002],
    ['with a reserved bit (§5.2)', Buffer.of(0xa1, 0x80, 0, 0, 0, 0), 1002],
    ['that is compressed, which was not agreed on', Buffer.of(0xc1, 0x80, 0, 0, 0, 0), 1002],
    ['with a reserved opcode (§5.2)', clientFrame(3, ''), 1002],
    ['with a reserved opcode of control (§5.2)', clientFrame(11, ''), 1002],
    ['that goes on with nothing (§5.4)', clientFrame(Opcode.Continuation, 'x'), 1002],
    ['of control in fragments (§5.5)', clientFrame(Opcode.Ping, '', { fin: false }), 1002],
    ['of control with 126 octets (§5.5)', Buffer.of(0x89, 0x80 | 126, 0, 126, 0, 0, 0, 0), 1002],
    ['of text that is no UTF-8 (§8.1)', clientFrame(Opcode.Text, Buffer.of(0xc3, 0x28)), 1007],
    ['that closes with one octet (§5.5.1)', clientFrame(8, Buffer.of(3)), 1002],
    ['that closes with 1005 (§7.4.1)', clientFrame(8, Buffer.of(3, 237)), 1002],
    [
      'that closes with a reason that is no UTF-8 (§5.5.1)',
      clientFrame(8, Buffer.of(3, 232, 0xff)),
      1007,
    ],
  ])('one %s', async (_, frame, code) => {
    const client = await opened();
    client.send(frame);
    await world.elapse(0);
    expect(closeCode(client)).toBe(code);
    expect(got).toEqual([]);
    await world.elapse(60_000);
    expect(world.reactor.clock.timers).toBe(0);
    expect(world.reports.problems).toEqual([]);
  });

  test('one inside of a message: a new message before the last is whole (§5.4)', async () => {
    const client = await opened();
    client.send(clientFrame(Opcode.Text, 'a', { fin: false }));
    client.send(clientFrame(Opcode.Text, 'b'));
    await world.elapse(0);
    expect(closeCode(client)).toBe(1002);
    expect(got).toEqual([]);
  });
});

function arrayBufferBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}
