import { truncateSync } from 'node:fs';
import { setTimeout as later } from 'node:timers/promises';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import {
  clientOf,
  compression,
  etag,
  http,
  httpAccessLog,
  requestId,
  router,
  staticFiles,
  timeLimit,
  trustProxy,
} from '../../src/index.ts';
import { RawClient } from '../raw-client.ts';
import { tcpWorld } from '../world.ts';
import { makeSite, openFiles, TELLS_OPEN_FILES } from './site.ts';

const world = tcpWorld();
const BIG = Buffer.alloc(8_000_000, 'the quick brown fox ');
const site = makeSite({ 'big.txt': BIG, 'small.txt': 'small', 'cut.bin': '' });
afterAll(async () => {
  await world.stop();
  site[Symbol.dispose]();
});

const files = http(staticFiles(site.root));

test('a long file arrives whole, and in parts', async () => {
  const url = `http://127.0.0.1:${await world.port(files)}/big.txt`;
  const whole = await fetch(url);
  expect(Buffer.from(await whole.arrayBuffer()).equals(BIG)).toBe(true);
  const part = await fetch(url, { headers: { range: 'bytes=100-7000000' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(BIG.subarray(100, 7_000_001))).toBe(true);
  const parts = await fetch(url, { headers: { range: 'bytes=0-9,7999990-' } });
  expect((await parts.text()).length).toBe(Number(parts.headers.get('content-length')));
});

test('HEAD says the length of GET', async () => {
  const client = await world.connect(files, new RawClient());
  client.send('HEAD /big.txt HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await client.answer({ head: true })).toContain('content-length: 8000000\r\n');
  client.send('GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await client.answer()).toMatch(/\r\n\r\nsmall$/);
  client.transport.abort();
});

test('paths are taken as the peer wrote them, and stay below the root', async () => {
  for (const path of [
    '/../cut.bin',
    '/%2e%2e/root/small.txt',
    '/x/../small.txt',
    '/..%2f..%2fetc/passwd',
    '//small.txt',
    '/%5c..%5csmall.txt',
  ]) {
    const client = await world.connect(files, new RawClient());
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await client.ended;
    const [, status] = client.received.split(' ');
    // The URL of a request has no dots left; what the peer wrote as plain dots ends at the root.
    const body = client.received.split('\r\n\r\n')[1];
    expect(['200', '400', '404']).toContain(status);
    expect(body).not.toContain('root:');
  }
});

test.runIf(TELLS_OPEN_FILES)('peers that leave in the middle leave no file open', async () => {
  for (let round = 0; round < 20; round++) {
    const client = await world.connect(files, new RawClient());
    client.send('GET /big.txt HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until('quick');
    client.transport.pauseReading();
    await until(() => openFiles(site) > 0);
    client.transport.abort();
    await client.lost;
  }
  await until(() => openFiles(site) === 0);
  expect(world.reports.problems).toEqual([]);
});

test('a file that becomes shorter breaks the connection off, and is reported', async () => {
  const own = tcpWorld();
  // More than the buffers of both ends take, and only holes.
  const size = 200_000_000;
  truncateSync(site.path('cut.bin'), size);
  const client = await own.connect(files, new RawClient());
  client.send('GET /cut.bin HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.until('\r\n\r\n');
  truncateSync(site.path('cut.bin'), 1000);
  const reason = await client.lost;
  expect(reason.kind).not.toBe('done');
  expect(client.received.length).toBeLessThan(size);
  expect(own.reports.problems).toMatchObject([{ error: { code: 'HAWSER_HTTP_FILE_CHANGED' } }]);
  await own.stop();
});

test('a whole stack of middleware works on the engine', async () => {
  const lines: string[] = [];
  const app = router()
    .use(httpAccessLog((line) => void lines.push(line), { format: 'json' }))
    .use(requestId({ trusted: ['127.0.0.0/8'] }))
    .use(trustProxy({ trusted: ['127.0.0.1'] }))
    .use(timeLimit(10_000))
    .use(compression())
    .use(etag())
    .get('/client', (_request, context) =>
      Response.json({ ...clientOf(context), padding: 'x'.repeat(2000) }),
    )
    .get('/*', staticFiles(site.root));
  const factory = http(app);
  const url = `http://127.0.0.1:${await world.port(factory)}`;
  const told = await fetch(`${url}/client?token=secret`, {
    headers: { 'x-forwarded-for': '192.0.2.7', 'x-request-id': 'seven', 'user-agent': 'me' },
  });
  expect(await told.json()).toMatchObject({ address: '192.0.2.7', scheme: 'http' });
  expect(told.headers.get('x-request-id')).toBe('seven');
  const packed = await fetch(`${url}/big.txt`, { headers: { 'accept-encoding': 'br' } });
  expect(packed.headers.get('content-encoding')).toBe('br');
  expect(packed.headers.get('etag')).toMatch(/^W\//);
  expect((await packed.text()).length).toBe(BIG.length);
  const again = await fetch(`${url}/big.txt`, {
    headers: { 'if-none-match': packed.headers.get('etag') ?? '', 'cache-control': 'max-age=0' },
  });
  expect(again.status).toBe(304);
  const raw = await world.connect(factory, new RawClient());
  raw.send(
    'GET /small.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br;q=1, identity;q=0\r\nConnection: close\r\n\r\n',
  );
  await raw.ended;
  const [head = '', body = ''] = raw.received.split('\r\n\r\n');
  expect(head).toContain('content-encoding: br');
  expect(String(brotliDecompressSync(Buffer.from(body, 'latin1')))).toBe('small');
  const head2 = await world.connect(factory, new RawClient());
  head2.send(
    'HEAD /big.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\nGET /missing HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  await head2.until('404');
  expect(head2.received.slice(0, head2.received.indexOf('\r\n\r\n'))).not.toContain(
    'content-length',
  );
  head2.transport.abort();
  await until(() => lines.length === 6);
  expect(lines.map((line) => JSON.parse(line)).at(0)).toMatchObject({
    client: '192.0.2.7',
    target: '/client?token=***',
    requestId: 'seven',
    status: 200,
    complete: true,
  });
  expect(lines.map((line) => JSON.parse(line).status)).toEqual([200, 200, 304, 200, 200, 404]);
  expect(world.reports.problems).toEqual([]);
});

async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !holds(); round++) await later(10);
  expect(holds()).toBe(true);
}
