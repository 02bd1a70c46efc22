import { pipeWorld } from '@hawser/core/testing';
import express from 'express';
import { Hono } from 'hono';
import { afterEach, expect, test } from 'vitest';
import { fetchApp, http, nodeApp, router } from '../../src/index.ts';
import { ask, exchange } from './mount-world.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

test('apps of three kinds share a router, each below its path', async () => {
  const old = express().use(express.json());
  old.post('/x', (request, response) => {
    response.json({ url: request.url, originalUrl: request.originalUrl, body: request.body });
  });
  const edge = new Hono().get('/x', (c) => c.text(`hono ${new URL(c.req.url).pathname}`));
  const app = router()
    .get('/', () => new Response('home'))
    .mount('/old', nodeApp(old))
    .mount('/edge', fetchApp(edge));
  const world = pipeWorld();
  worlds.push(world);
  const { seen } = await exchange(world, http(app), [
    ask('GET /'),
    ask('POST /old/x?y', { 'Content-Type': 'application/json' }, '{"a":1}'),
    ask('GET /edge/x'),
    ask('GET /nowhere'),
  ]);
  expect(seen.map(({ status }) => status)).toEqual([200, 200, 200, 404]);
  expect(JSON.parse(seen[1]?.body ?? '')).toEqual({
    url: '/x?y',
    originalUrl: '/old/x?y',
    body: { a: 1 },
  });
  expect(seen[2]?.body).toBe('hono /x');
  expect(world.reports.problems).toEqual([]);
});
