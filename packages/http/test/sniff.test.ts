import { type FactoryLike, sniff } from '@hawser/core';
import { afterEach, expect, test } from 'vitest';
import { http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.stop());

const other: FactoryLike = () => ({
  connectionMade: (transport) => void transport.write(Buffer.from('other')),
  dataReceived: () => undefined,
});

test('http is known by its first bytes, gets them all, and is drained', async () => {
  world = pipeWorld({ cut: 'bytes' });
  const factory = sniff({
    http: http(async (request) => new Response(await request.text())),
    otherwise: other,
  });
  const client = await world.connect(factory, new RawClient());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
  expect(await client.answer()).toMatch(/hello$/);
  const stranger = await world.connect(factory, new RawClient());
  stranger.send('EHLO a\r\n');
  expect(await stranger.until('other')).toBe('other');
  world.drain();
  await client.ended;
});
