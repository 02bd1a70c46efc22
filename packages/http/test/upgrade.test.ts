import { afterEach, expect, test } from 'vitest';
import { http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.stop());

const ask = (path: string, token: string, after = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${token}\r\n\r\n${after}`;

test('the handler of the path gets the socket and the bytes that came along', async () => {
  world = pipeWorld();
  const factory = http(() => new Response('page'), {
    websocket: {
      '/live': (_request, socket, head) => {
        socket.write(`took ${head.toString()}.`);
      },
    },
  });
  const client = await world.connect(factory, new RawClient());
  client.send(ask('/live?x=1', 'WebSocket', 'early'));
  expect(await client.until('.')).toBe('took early.');
});

test('a path without a handler gives 404, a name of Object.prototype too', async () => {
  world = pipeWorld();
  const factory = http(() => new Response('page'), { websocket: {} });
  for (const path of ['/other', '/constructor', 'constructor']) {
    const client = await world.connect(factory, new RawClient());
    client.send(ask(path, 'websocket'));
    expect(await client.answer()).toMatch(/^HTTP\/1\.1 40[04] /);
    await client.ended;
  }
});

test('a wish for HTTP/2 is ignored, and the connection goes on as HTTP/1.1', async () => {
  world = pipeWorld();
  const factory = http(async (request) => new Response(`page ${await request.text()}`), {
    websocket: { '/live': (_request, socket) => void socket.destroy() },
  });
  const client = await world.connect(factory, new RawClient());
  const next = 'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n';
  client.send(ask('/live', 'h2c', next));
  expect(await client.answer()).toMatch(/^HTTP\/1\.1 200 [^]*page $/);
  expect(await client.answer()).toMatch(/^HTTP\/1\.1 200 [^]*page $/);
  client.send(ask('/live', 'h2c'));
  expect(await client.answer()).toMatch(/^HTTP\/1\.1 200 /);
});

test('a handler that throws ends its connection alone, with a report', async () => {
  world = pipeWorld();
  const factory = http(() => new Response('page'), {
    websocket: {
      '/live': () => {
        throw new Error('broken');
      },
    },
  });
  const other = await world.connect(factory, new RawClient());
  const client = await world.connect(factory, new RawClient());
  client.send(ask('/live', 'websocket'));
  expect(await client.lost).toMatchObject({ kind: 'reset' });
  other.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await other.answer()).toMatch(/page$/);
  expect(world.reports.problems).toMatchObject([{ where: 'http.upgrade' }]);
});

test('a handler that rejects ends its connection alone, with a report', async () => {
  world = pipeWorld();
  const factory = http(() => new Response('page'), {
    websocket: {
      // oxlint-disable-next-line no-misused-promises -- what the type lets pass
      '/live': async () => {
        await Promise.resolve();
        throw new Error('broken later');
      },
    },
  });
  const client = await world.connect(factory, new RawClient());
  client.send(ask('/live', 'websocket'));
  expect(await client.lost).toMatchObject({ kind: 'reset' });
  expect(world.reports.problems).toMatchObject([{ where: 'http.upgrade' }]);
});

test('a peer that asks for HTTP/2 again and again leaves nothing behind', async () => {
  world = pipeWorld();
  const counts: number[] = [];
  const factory = http(() => new Response('page'), {
    websocket: {
      '/live': (_request, socket) => {
        counts.push(...socket.eventNames().map((name) => socket.listenerCount(name)));
      },
    },
  });
  const client = await world.connect(factory, new RawClient());
  for (let at = 0; at < 20; at++) {
    client.send(ask('/', 'h2c'));
    await client.answer();
  }
  client.send(ask('/live', 'websocket'));
  await world.elapse(1);
  expect(Math.max(...counts)).toBeLessThan(5);
});

test('a drain is told to who has the socket, and refuses who would get it', async () => {
  world = pipeWorld();
  const drained: string[] = [];
  const factory = http(() => new Response('page'), {
    websocket: {
      '/live': ({ url }, _socket, _head, context) => context.onDrain(() => drained.push(url)),
    },
  });
  const early = await world.connect(factory, new RawClient());
  const late = await world.connect(factory, new RawClient());
  early.send(ask('/live?early', 'websocket'));
  late.send(ask('/live?late', 'websocket').slice(0, -2));
  await world.elapse(1);
  world.drain();
  expect(drained).toEqual(['/live?early']);
  late.send('\r\n');
  expect(await late.answer()).toMatch(/^HTTP\/1\.1 503 /);
  await late.ended;
  expect(drained).toEqual(['/live?early']);
});

test('a handler that never answers holds its connection for no longer than it may', async () => {
  world = pipeWorld();
  let calls = 0;
  const factory = http(() => new Response('page'), {
    websocket: { '/live': () => void (calls += 1) },
    upgradeTimeoutMs: 2_000,
  });
  const client = await world.connect(factory, new RawClient());
  client.send(ask('/live', 'websocket'));
  await world.elapse(1_999);
  expect([calls, client.isLost]).toEqual([1, false]);
  await world.elapse(1);
  expect(await client.lost).toMatchObject({ kind: 'reset' });
});

test('a handler that has answered has its connection for as long as it likes', async () => {
  world = pipeWorld();
  const factory = http(() => new Response('page'), {
    websocket: { '/live': (_request, socket) => void socket.write('hello.') },
  });
  const client = await world.connect(factory, new RawClient());
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.answer();
  client.send(ask('/live', 'websocket'));
  await client.until('hello.');
  await world.elapse(3_600_000);
  expect(client.isLost).toBe(false);
});
