import { createGunzip, gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import {
  bodyLimit,
  compression,
  decompressBody,
  http,
  rateLimit,
  router,
  timeLimit,
} from '../../src/index.ts';
import { RawClient } from '../raw-client.ts';
import { tcpWorld } from '../world.ts';

const world = tcpWorld();
afterAll(() => world.stop());

test('a compressed body is read as a plain one, and a bomb is refused', async () => {
  const app = router()
    .use(decompressBody({ maxBytes: 500_000 }))
    .post('/json', async (request) => Response.json(await request.json()))
    .post('/size', async (request) => {
      let size = 0;
      for await (const chunk of request.body ?? []) size += (chunk as Uint8Array).length;
      return new Response(String(size));
    });
  const url = `http://127.0.0.1:${await world.port(http(app))}`;
  const post = (path: string, body: Buffer) =>
    fetch(url + path, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { 'content-encoding': 'gzip' },
    });
  const numbers = Array.from({ length: 30_000 }, (_, at) => at * 7919).join();
  expect(await (await post('/json', gzipSync('{"a":[1,2]}'))).json()).toEqual({ a: [1, 2] });
  expect(await (await post('/size', gzipSync(numbers))).text()).toBe(String(numbers.length));
  expect((await post('/size', gzipSync(Buffer.alloc(10_000_000)))).status).toBe(413);
  expect((await post('/json', gzipSync(Buffer.alloc(10_000_000)))).status).toBe(413);
  expect((await post('/json', Buffer.from('not at all'))).status).toBe(400);
  expect(world.reports.problems).toEqual([]);
});

test('a body without a length is counted as it comes', async () => {
  const app = router()
    .use(bodyLimit(10_000))
    .post('/', async (request) => new Response(String((await request.arrayBuffer()).byteLength)));
  const factory = http(app);
  const client = await world.connect(factory, new RawClient());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  client.send(`1388\r\n${'x'.repeat(5000)}\r\n1388\r\n${'x'.repeat(5000)}\r\n0\r\n\r\n`);
  expect(await client.answer()).toMatch(/\r\n\r\n10000$/);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  client.send(`1388\r\n${'x'.repeat(5000)}\r\n1389\r\n${'x'.repeat(5001)}\r\n`);
  expect(await client.until('\r\n\r\n')).toContain('HTTP/1.1 413');
  client.transport.abort();
  const told = await world.connect(factory, new RawClient());
  told.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\nExpect: 100-continue\r\n\r\n');
  expect(await told.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 413/);
  told.transport.abort();
});

test('a compressed stream reaches the peer while its source waits, and ends with the peer', async () => {
  let ended: () => void = () => undefined;
  const whenEnded = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const app = router()
    .use(compression())
    .get('/', () => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(Buffer.from('first')),
        cancel: () => ended(),
      });
      return new Response(body, { headers: { 'content-type': 'text/plain' } });
    });
  const client = await world.connect(http(app), new RawClient());
  client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n');
  const plain = createGunzip();
  const first = new Promise<string>((resolve) =>
    plain.once('data', (chunk) => resolve(String(chunk))),
  );
  await client.until('\r\n\r\n');
  let fed = client.received.indexOf('\r\n\r\n') + 4;
  const feeding = (async () => {
    for (let text = ''; text === ''; ) {
      const end = client.received.indexOf('\r\n', fed);
      const size = end < 0 ? 0 : Number.parseInt(client.received.slice(fed, end), 16);
      if (size > 0 && client.received.length >= end + 4 + size) {
        plain.write(Buffer.from(client.received.slice(end + 2, end + 2 + size), 'latin1'));
        fed = end + 4 + size;
      }
      text = await Promise.race([
        first,
        new Promise<string>((next) => setImmediate(() => next(''))),
      ]);
    }
  })();
  expect(await first).toBe('first');
  await feeding;
  client.transport.abort();
  await whenEnded;
});

test('limits of rate and time are seen by the peer', async () => {
  const own = tcpWorld();
  let aborted: () => void = () => undefined;
  const whenAborted = new Promise<void>((resolve) => {
    aborted = resolve;
  });
  const app = router()
    .use(rateLimit({ limit: 2 }))
    .use(timeLimit(30))
    .get('/', () => new Response('ok'))
    .get('/slow', (request) => {
      request.signal.addEventListener('abort', aborted);
      return new Promise<Response>(() => undefined);
    });
  const url = `http://127.0.0.1:${await own.port(http(app))}`;
  expect((await fetch(`${url}/slow`)).status).toBe(503);
  await whenAborted;
  const second = await fetch(url);
  expect(second.headers.get('ratelimit')).toMatch(/^limit=2, remaining=0, reset=\d+$/);
  const third = await fetch(url);
  expect(third.status).toBe(429);
  expect(third.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(own.reports.problems).toEqual([]);
  await own.stop();
});
