import { pipeWorld } from '@hawser/core/testing';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { http, nodeApp } from '../../src/index.ts';
import { connectClient, send } from '../http2/h2-world.ts';
import { ask, exchange, plainNode } from './mount-world.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
function world(): ReturnType<typeof pipeWorld> {
  const made = pipeWorld();
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

function app(): Express {
  const made = express();
  made.use(express.json({ limit: '1kb' }), express.urlencoded({ extended: false }));
  made.get('/', (_, response) => void response.send('hello'));
  made.get('/who', (request, response) => {
    const { protocol, hostname, path, query, originalUrl, secure, xhr, ip } = request;
    response.json({ protocol, hostname, path, query, originalUrl, secure, xhr, ip: typeof ip });
  });
  made.post('/json', (request, response) => void response.status(201).json({ got: request.body }));
  made.get('/stream', (_, response) => {
    response.type('text/plain');
    let nth = 0;
    const next = (): void => {
      nth += 1;
      if (nth > 3) response.end();
      else {
        response.write(`${nth}\n`);
        setImmediate(next);
      }
    };
    next();
  });
  made.post('/upload', (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => void response.json({ bytes }));
  });
  made.get('/redirect', (_, response) => response.redirect('/'));
  made.get('/cookie', (_, response) => {
    response.cookie('a', '1', { httpOnly: true }).cookie('b', '2').sendStatus(200);
  });
  made.get('/sync', () => {
    throw new Error('sync');
  });
  made.get('/async', async () => {
    await Promise.resolve();
    throw Object.assign(new Error('async'), { status: 418 });
  });
  const router = express.Router();
  router.get('/x', (request, response) => {
    response.send(`${request.baseUrl} ${request.url} ${request.originalUrl}`);
  });
  made.use('/sub', router);
  const failed: ErrorRequestHandler = (
    error: { status?: number; message: string },
    _,
    response,
    next,
  ) => {
    if (response.headersSent) next(error);
    else response.status(error.status ?? 500).send(error.message);
  };
  made.use(failed);
  return made;
}

const json = { 'Content-Type': 'application/json' };

describe('Express, mounted, answers as on node:http', () => {
  test.each<[string, readonly string[]]>([
    ['text with an ETag', [ask('GET /')]],
    [
      '304 to a known ETag',
      [ask('GET /', { 'If-None-Match': 'W/"5-qvTGHdzF6KLavt4PO0gs2a6pQ00"' })],
    ],
    ['HEAD', [ask('HEAD /'), ask('GET /')]],
    [
      'what it knows of the request',
      [ask('GET /who?a=1&b=2', { 'X-Requested-With': 'XMLHttpRequest' })],
    ],
    ['JSON', [ask('POST /json', json, '{"a":1}'), ask('POST /json', json, '[2]')]],
    ['JSON that is none', [ask('POST /json', json, '{"a"'), ask('GET /')]],
    ['JSON that is too long', [ask('POST /json', json, `"${'a'.repeat(2_000)}"`)]],
    [
      'a form',
      [ask('POST /json', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'a=1&b=2')],
    ],
    ['a stream', [ask('GET /stream'), ask('GET /')]],
    [
      'an upload',
      [
        ask('POST /upload', { 'Content-Type': 'application/octet-stream' }, 'x'.repeat(100_000)),
        ask('GET /'),
      ],
    ],
    ['a redirect', [ask('GET /redirect')]],
    ['cookies', [ask('GET /cookie')]],
    ['404', [ask('GET /nowhere'), ask('GET /')]],
    ['a handler that throws', [ask('GET /sync'), ask('GET /')]],
    ['a handler that rejects', [ask('GET /async')]],
    ['a router', [ask('GET /sub/x?y')]],
    ['OPTIONS', [ask('OPTIONS /json')]],
  ])('%s', async (_, requests) => {
    const plain = await exchange(world(), plainNode(app()), requests);
    const place = world();
    const mounted = await exchange(place, http(nodeApp(app())), requests);
    expect(mounted.seen).toEqual(plain.seen);
    expect(mounted.seen).toHaveLength(requests.length);
    expect(place.reports.problems).toEqual([]);
  });
});

test('Express is served over HTTP/2', async () => {
  const client = await connectClient(world(), http(nodeApp(app())));
  const answer = await send(
    client,
    { ':method': 'POST', ':path': '/json', 'content-type': 'application/json' },
    '{"a":1}',
  );
  expect(answer).toMatchObject({ status: 201, body: '{"got":{"a":1}}', rstCode: 0 });
  const streamed = await send(client, { ':path': '/stream' });
  expect(streamed).toMatchObject({ status: 200, body: '1\n2\n3\n' });
});

test('Express below a prefix keeps what was asked for', async () => {
  const { seen } = await exchange(world(), http(nodeApp(app(), { prefix: '/old' })), [
    ask('GET /old/who?a=1'),
    ask('GET /old/sub/x'),
  ]);
  expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
    path: '/who',
    originalUrl: '/old/who?a=1',
  });
  expect(seen[1]?.body).toBe('/sub /x /old/sub/x');
});
