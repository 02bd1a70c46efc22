import { http } from '@hawser/http';
import { afterEach, expect, test } from 'vitest';
import { Group, type WebSocketOptions, webSocket } from '../src/index.ts';
import { askRaw } from './raw-client.ts';
import { pipeWorld } from './world.ts';

let world = pipeWorld();
afterEach(async () => {
  await world.stop();
  world = pipeWorld();
});

const page = (): Response => new Response('page');
const serving = (options?: WebSocketOptions) =>
  http(page, { websocket: { '/live': webSocket(() => undefined, options) } });
const statusOf = (answer: string): number => Number(answer.split(' ', 2)[1]);

test.each([
  ['http://example.net', 'example.net', 101],
  ['https://example.net', 'example.net:443', 101],
  ['http://example.net', 'example.net:80', 101],
  ['https://example.net', 'Example.NET', 101],
  ['https://example.net:8443', 'example.net:8443', 101],
  ['https://example.net', 'example.net:8443', 403],
  ['https://other.example', 'example.net', 403],
  ['https://example.net.evil.example', 'example.net', 403],
  ['chrome-extension://example.net', 'example.net', 403],
  ['null', 'example.net', 403],
])('a page of %s on host %s is answered with %i %i', async (origin, host, status) => {
  const client = await askRaw(world, serving(), { Origin: origin, Host: host });
  expect(statusOf(client.received)).toBe(status);
});

test('listed origins are compared as they are', async () => {
  const factory = serving({ origins: ['https://app.example'] });
  const one = await askRaw(world, factory, { Origin: 'https://app.example' });
  const two = await askRaw(world, factory, { Origin: 'https://example.net' });
  expect([statusOf(one.received), statusOf(two.received)]).toEqual([101, 403]);
});

test.each(['8', '12', '013', undefined])(
  'version %s is refused with 426 and the one there is',
  async (version) => {
    const client = await askRaw(world, serving(), {
      'Sec-WebSocket-Version': version,
      'Sec-WebSocket-Origin': 'https://evil.example',
    });
    expect(statusOf(client.received)).toBe(426);
    expect(client.received).toContain('\r\nSec-WebSocket-Version: 13\r\n');
  },
);

test('a request that ws finds fault with is refused with 400', async () => {
  const client = await askRaw(world, serving(), { 'Sec-WebSocket-Key': 'short' });
  expect(statusOf(client.received)).toBe(400);
});

test('a refusal is a whole response, after which nothing waits for a peer that does not end', async () => {
  const client = await askRaw(world, serving(), { Origin: 'null' });
  expect(client.received.split('\r\n')).toEqual([
    'HTTP/1.1 403 Forbidden',
    'Date: Thu, 01 Jan 2026 00:00:00 GMT',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Length: 10',
    'Connection: close',
    '',
    'Forbidden\n',
  ]);
  await world.elapse(60_000);
  expect(world.reactor.clock.timers).toBe(0);
});

test('a full group refuses with 503', async () => {
  const group = new Group({ maxMembers: 1 });
  const factory = http(page, { websocket: { '/live': group.join } });
  const one = await askRaw(world, factory);
  const two = await askRaw(world, factory);
  expect([statusOf(one.received), statusOf(two.received)]).toEqual([101, 503]);
  one.transport?.abort();
  await world.elapse(0);
  const three = await askRaw(world, factory);
  expect(statusOf(three.received)).toBe(101);
});
