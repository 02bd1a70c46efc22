import { http } from '@hawser/http';
import { afterEach, expect, test } from 'vitest';
import { Group, webSocket } from '../src/index.ts';
import { tcpWorld } from './world.ts';
import { connectWs } from './ws-client.ts';

let world = tcpWorld();
afterEach(async () => {
  await world.stop();
  world = tcpWorld();
});

const page = (): Response => new Response('page');

test('members that vanish in the middle of broadcasts harm nobody', async () => {
  const group = new Group();
  const factory = http(page, { websocket: { '/live': group.join } });
  const other = await connectWs(world, factory);
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectWs(world, factory)));
  await expect.poll(() => group.size).toBe(21);
  for (const [index, client] of clients.entries()) {
    client.ws.on('error', () => undefined);
    group.broadcast('x'.repeat(100_000));
    if (index % 2 === 0) client.transport.abort();
    else client.ws.terminate();
    group.broadcast(`after ${index}`);
    await other.next();
    expect(await other.next()).toBe(`after ${index}`);
  }
  await expect.poll(() => group.size).toBe(1);
  expect(world.reports.problems).toEqual([]);
});

test('a peer that floods a slow handler is held back, while one that is silent is cut off', async () => {
  const cutOff: number[] = [];
  const opened: number[] = [];
  let got = 0;
  let release: () => void = () => undefined;
  const held = new Promise<void>((done) => {
    release = done;
  });
  const slow = webSocket(
    ({ id }) => {
      opened.push(id);
      return {
        async messageReceived() {
          got += 1;
          if (got === 1) await held;
        },
        closed: () => void cutOff.push(id),
      };
    },
    { pingIntervalMs: 50, pongTimeoutMs: 50 },
  );
  const factory = http(page, { websocket: { '/live': slow } });
  const flooding = await connectWs(world, factory);
  for (let count = 0; count < 400; count++) flooding.ws.send('x'.repeat(20_000));
  await expect.poll(() => got).toBe(1);
  // It came later, so its time is up later.
  const silent = await connectWs(world, factory);
  silent.ws.pause();
  await expect.poll(() => cutOff).toEqual(opened.slice(1));
  expect(got).toBe(1);
  release();
  await expect.poll(() => got).toBe(400);
});
