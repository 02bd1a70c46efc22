import { SeededRandom } from '@hawser/core/testing';
import { afterEach, expect, test } from 'vitest';
import { http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld } from './world.ts';

const world = pipeWorld({ cut: 3 });
afterEach(() => world.stop());

const PARTS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'Host: a\r\n',
  '\r\n\r\n',
  '\0',
];

test('nothing that 400 peers say keeps another from its answer, or is blamed on the server', async () => {
  const random = new SeededRandom(20);
  const factory = http(async (request) => new Response(await request.text()), {
    websocket: {
      '/live': (_request, socket) => {
        socket.end('HTTP/1.1 418 teapot\r\n\r\n');
      },
    },
  });
  const other = await world.connect(factory, new RawClient());
  for (let session = 0; session < 400; session++) {
    const client = await world.connect(factory, new RawClient());
    const pieces = random.below(6) + 1;
    for (let piece = 0; piece < pieces; piece++) {
      const part = PARTS[random.below(PARTS.length)] ?? '';
      const cut = random.below(3) === 0 ? random.below(part.length) : part.length;
      if (!client.transport.ending) client.send(part.slice(0, cut));
      if (random.below(4) === 0) client.transport.write(random.bytes(random.below(60)));
    }
    const ending = random.below(3);
    if (ending === 0) client.transport.end();
    if (ending === 1) client.transport.abort();
    other.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await other.answer()).toMatch(/^HTTP\/1\.1 200 /);
  }
  await world.elapse(600_000);
  await other.lost;
  expect(world.reports.problems.filter(({ where }) => where.startsWith('http'))).toEqual([]);
});
