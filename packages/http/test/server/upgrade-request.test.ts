import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { RequestHead } from '../../src/contract/message-head.ts';
import { toNodeHeaders, toUpgradeRequest } from '../../src/server/upgrade-request.ts';
import { RequestReader } from '../../src/wire/request-reader.ts';

const LINES = [
  'GET /live?x=1 HTTP/1.1',
  'Host: a.test',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Cookie: a=1',
  'cookie: b=2',
  'X-Twice: one',
  'x-twice: two',
  'User-Agent: first',
  'User-Agent: second',
  'Referer: first',
  'Referer: second',
  'Set-Cookie: odd=1',
  'Set-Cookie: odd=2',
  'Sec-WebSocket-Key: abc',
  '',
  '',
];

/** What node makes of the same bytes. */
async function byNode(text: string): Promise<IncomingMessage> {
  const server = createServer();
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  server.on('upgrade', () => undefined);
  const upgraded = once(server, 'upgrade') as Promise<[IncomingMessage]>;
  server.emit('connection', socket);
  socket.push(text);
  const [message] = await upgraded;
  socket.destroy();
  return message;
}

test('an upgrade request has what a message of node has', async () => {
  let head: RequestHead | undefined;
  const reader = new RequestReader({
    head: (read) => {
      head = read;
    },
    data() {},
    end() {},
  });
  const text = LINES.join('\r\n');
  expect(reader.feed(Buffer.from(text, 'latin1'))).toBeUndefined();
  const mine = toUpgradeRequest(head as RequestHead);
  const { method, url, httpVersion, headers, rawHeaders } = await byNode(text);
  expect({ ...mine, headers: Object.entries(mine.headers) }).toEqual({
    method,
    url,
    httpVersion,
    headers: Object.entries(headers),
    rawHeaders,
  });
});

test('a field with the name of a member of all objects is a field like any other', () => {
  const headers = toNodeHeaders(['__proto__', 'mine', 'constructor', 'too']);
  expect(Object.entries(headers)).toEqual([
    ['__proto__', 'mine'],
    ['constructor', 'too'],
  ]);
});
