import { randomBytes } from 'node:crypto';
import { http } from '@hawser/http';
import { afterEach, expect, test, vi } from 'vitest';
import {
  Group,
  type SessionHandler,
  type WebSocketOptions,
  type WebSocketSession,
  webSocket,
} from '../src/index.ts';
import { askRaw, clientFrame } from './raw-client.ts';
import { pipeWorld } from './world.ts';
import { connectWs } from './ws-client.ts';

let world = pipeWorld();
const codes: number[] = [];
const sessions: WebSocketSession[] = [];
afterEach(async () => {
  await world.stop();
  world = pipeWorld();
  codes.length = 0;
  sessions.length = 0;
});

const page = (): Response => new Response('page');
const serving = (handler: SessionHandler = {}, options?: WebSocketOptions) =>
  http(page, {
    websocket: {
      '/live': webSocket((session) => {
        sessions.push(session);
        return { closed: (code) => void codes.push(code), ...handler };
      }, options),
    },
  });
/** Connects to a session and gives both ends. */
async function pair(handler: SessionHandler = {}, options?: WebSocketOptions) {
  const client = await connectWs(world, serving(handler, options));
  const session = sessions.at(-1);
  if (!session) throw new Error('no session');
  return { client, session };
}
const problems = (): string[] => world.reports.problems.map(({ error }) => String(error));

test.each(['closed', 'drained'] as const)('a %s that rejects is reported', async (event) => {
  const { client, session } = await pair({
    [event]: () => Promise.reject(new Error('database is gone')),
  });
  if (event === 'closed') client.ws.close();
  else session.send('x'.repeat(200_000));
  await client.closed;
  await world.elapse(0);
  expect(problems()).toEqual(['Error: database is gone']);
});

test('a peer is not cut off while its own messages are worked on', async () => {
  const got: string[] = [];
  const { client, session } = await pair({
    messageReceived(message) {
      got.push(String(message));
      return new Promise((done) => void session.reactor.clock.callLater(60_000, done));
    },
  });
  client.ws.send('a');
  await world.elapse(0);
  client.ws.send('b');
  await world.elapse(100_000);
  expect(got).toEqual(['a', 'b']);
  expect(codes).toEqual([]);
});

test('a peer that vanished while its messages were worked on is cut off afterwards', async () => {
  const { client, session } = await pair({
    messageReceived: () =>
      new Promise((done) => void session.reactor.clock.callLater(60_000, done)),
  });
  client.ws.send('a');
  client.ws.send('b');
  await world.elapse(0);
  client.ws.pause();
  await world.elapse(120_000 + 39_000);
  expect(codes).toEqual([]);
  await world.elapse(1_000);
  expect(codes).toEqual([1006]);
});

test('a session that closes while a message is worked on hears the answer of the peer', async () => {
  const { client, session } = await pair({ messageReceived: () => new Promise(() => undefined) });
  client.ws.send('a');
  client.ws.send('b');
  await world.elapse(0);
  session.close(4000);
  expect(await client.closed).toBe(4000);
  await world.elapse(0);
  expect(codes).toEqual([4000]);
});

test('compressed messages that expand to more than may wait for a slow handler end with 1013', async () => {
  const { client } = await pair(
    { messageReceived: () => new Promise(() => undefined) },
    { deflate: true, maxPayload: 100_000, maxBufferedBytes: 100_000 },
  );
  for (let count = 0; count < 4; count++) client.ws.send('x'.repeat(90_000));
  expect(await client.closed).toBe(1013);
});

test('a message longer than maxBufferedBytes reaches whoever waits for nothing', async () => {
  const group = new Group({ maxBufferedBytes: 1_000 });
  const factory = http(page, { websocket: { '/live': group.join } });
  const clients = [await connectWs(world, factory), await connectWs(world, factory)];
  expect(group.broadcast('x'.repeat(5_000))).toEqual({ sent: 2, dropped: 0 });
  for (const client of clients) expect(await client.next()).toHaveLength(5_000);
});

test.each([
  [4000, 'x'.repeat(124)],
  [4000, 'ü'.repeat(62)],
  [999, ''],
  [1004, ''],
  [1005, ''],
  [1006, ''],
  [1015, ''],
  [2999, ''],
  [5000, ''],
  [1000.5, ''],
])('close(%d, %j) throws and leaves the session as it was', async (code, reason) => {
  const { client, session } = await pair();
  expect(() => session.close(code, reason)).toThrow(RangeError);
  await world.elapse(60_000);
  expect(session.send('still here')).toBe(true);
  expect(await client.next()).toBe('still here');
});

test('a peer that closes and never ends is cut off after closeTimeoutMs, even if it sends', async () => {
  const client = await askRaw(world, serving({}, { closeTimeoutMs: 1_000 }));
  client.send(clientFrame(8, Buffer.of(3, 232)));
  await world.elapse(990);
  expect(codes).toEqual([]);
  client.send('x');
  await world.elapse(10);
  expect(client.transport?.ending).toBe(true);
  expect(codes).toEqual([1000]);
});

test('a peer that breaks the protocol and never ends is cut off after closeTimeoutMs', async () => {
  const client = await askRaw(world, serving({}, { closeTimeoutMs: 1_000 }));
  client.send(Buffer.of(0xff, 0xff));
  await world.elapse(1_000);
  expect(client.transport?.ending).toBe(true);
  expect(codes).toEqual([1006]);
});

test('a peer that ends without a close and takes nothing is cut off after closeTimeoutMs', async () => {
  const client = await askRaw(world, serving({}, { closeTimeoutMs: 1_000 }));
  client.transport?.pauseReading();
  for (const session of sessions) session.send('x'.repeat(500_000));
  client.transport?.end();
  await world.elapse(990);
  expect(codes).toEqual([]);
  await world.elapse(10);
  expect(codes).toEqual([1006]);
});

test('a close may take as long as closeTimeoutMs says', async () => {
  const timer = vi.spyOn(globalThis, 'setTimeout');
  const { client, session } = await pair({}, { closeTimeoutMs: 120_000 });
  client.ws.pause();
  timer.mockClear();
  session.close();
  // The timer of ws is real; it must be one that never fires.
  expect(timer.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1]);
  await world.elapse(119_000);
  expect(codes).toEqual([]);
  await world.elapse(1_000);
  expect(codes).toEqual([1006]);
});

test('a drain gives a peer time until its deadline, and no longer', async () => {
  const { client } = await pair();
  client.ws.pause();
  world.drain();
  await world.elapse(59_000);
  expect(codes).toEqual([]);
  await world.elapse(1_000);
  expect(codes).toEqual([1006]);
});

test('a drain gives no more time to a peer that owes an answer already', async () => {
  const { client, session } = await pair();
  client.ws.pause();
  session.close();
  world.drain();
  await world.elapse(10_000);
  expect(codes).toEqual([1006]);
});

test.each([false, true])(
  'send says false when it is time to wait (deflate: %s)',
  async (deflate) => {
    let drained = 0;
    const { client, session } = await pair({ drained: () => void (drained += 1) }, { deflate });
    expect(client.ws.extensions).toBe(deflate ? 'permessage-deflate' : '');
    client.ws.pause();
    const answers: boolean[] = [];
    for (let count = 0; count < 10; count++) answers.push(session.send(randomBytes(50_000)));
    expect(answers[0]).toBe(true);
    expect(answers.at(-1)).toBe(false);
    expect(drained).toBe(0);
    client.ws.resume();
    for (let count = 0; count < 10; count++) await client.next();
    await expect.poll(() => drained).toBe(1);
    expect(session.send('more')).toBe(true);
  },
);

test('maxBufferedBytes counts bytes, not characters', async () => {
  const { client, session } = await pair({}, { maxBufferedBytes: 200_000 });
  client.ws.pause();
  for (let count = 0; count < 20; count++) session.send('€'.repeat(30_000));
  expect(session.bufferedBytes).toBeLessThanOrEqual(200_000 + 125);
  client.ws.resume();
  expect(await client.closed).toBe(1013);
});

test('bytes for a handler of JSON alone end the session with 1003', async () => {
  const { client } = await pair({ jsonReceived: () => undefined });
  client.ws.send(Buffer.from('{}'));
  expect(await client.closed).toBe(1003);
});

test('a handler of both gets texts parsed and bytes as they are', async () => {
  const got: unknown[] = [];
  const { client } = await pair({
    jsonReceived: (value) => void got.push(value),
    messageReceived: (message) => void got.push(message),
  });
  client.ws.send('[1]');
  client.ws.send(Buffer.of(7));
  await world.elapse(0);
  expect(got).toEqual([[1], Buffer.of(7)]);
});

test('no timer is left when a session is over, however it ended', async () => {
  const ends = [
    (it: Awaited<ReturnType<typeof pair>>) => it.client.ws.close(),
    (it: Awaited<ReturnType<typeof pair>>) => it.session.close(),
    (it: Awaited<ReturnType<typeof pair>>) => it.client.transport.abort(),
    (it: Awaited<ReturnType<typeof pair>>) => it.session.abort(),
  ];
  for (const end of ends) end(await pair());
  await world.elapse(1_000);
  expect(codes.toSorted((a, b) => a - b)).toEqual([1000, 1005, 1006, 1006]);
  expect(world.reactor.clock.timers).toBe(0);
});

test('a message in fragments arrives whole, with a ping answered in between', async () => {
  const got: unknown[] = [];
  const client = await askRaw(world, serving({ messageReceived: (it) => void got.push(it) }));
  client.send(clientFrame(1, 'one ', { fin: false }));
  client.send(clientFrame(0, 'two ', { fin: false }));
  client.send(clientFrame(9, 'ping'));
  client.send(clientFrame(0, 'three'));
  await world.elapse(0);
  expect(got).toEqual(['one two three']);
  expect(client.received.endsWith('\x8a\x04ping')).toBe(true);
});

test('fragments that are too long together end the session with 1009', async () => {
  const got: unknown[] = [];
  const client = await askRaw(
    world,
    serving({ messageReceived: (it) => void got.push(it) }, { maxPayload: 200 }),
  );
  client.send(clientFrame(1, 'x'.repeat(120), { fin: false }));
  client.send(clientFrame(0, 'x'.repeat(120)));
  await world.elapse(0);
  expect(got).toEqual([]);
  expect(client.received.endsWith('\x88\x02\x03\xf1')).toBe(true);
});
