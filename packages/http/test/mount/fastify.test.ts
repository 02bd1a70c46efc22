import { Readable } from 'node:stream';
import { pipeWorld } from '@hawser/core/testing';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { http, type NodeListener, nodeApp } from '../../src/index.ts';
import { connectClient, send } from '../http2/h2-world.ts';
import { ask, exchange, plainNode } from './mount-world.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
const apps: FastifyInstance[] = [];
function world(): ReturnType<typeof pipeWorld> {
  const made = pipeWorld();
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
  for (const each of apps.splice(0)) await each.close();
});

async function app(): Promise<FastifyInstance> {
  const made = fastify({ bodyLimit: 1_000 });
  apps.push(made);
  made.addContentTypeParser('application/octet-stream', (_, payload, done) => {
    let bytes = 0;
    payload.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    payload.on('end', () => done(null, { bytes }));
  });
  made.get('/', async () => 'hello');
  made.get('/who', async (request) => {
    const { method, url, hostname, protocol, query, ip } = request;
    return { method, url, hostname, protocol, query, ip: typeof ip };
  });
  const schema = {
    body: { type: 'object', required: ['a'], properties: { a: { type: 'number' } } },
    response: { 201: { type: 'object', properties: { got: { type: 'number' } } } },
  };
  made.post<{ Body: { a: number } }>('/json', { schema }, async (request, reply) => {
    reply.code(201);
    return { got: request.body.a, dropped: true };
  });
  made.post('/upload', async (request) => request.body);
  made.get('/stream', (_, reply) =>
    reply.type('text/plain').send(Readable.from(['1 ', '2 ', '3'])),
  );
  made.get('/throw', async () => {
    throw Object.assign(new Error('oops'), { statusCode: 418 });
  });
  made.get('/raw', (_, reply) => {
    reply.hijack();
    reply.raw.end('raw');
  });
  made.addHook('onSend', async (_, reply) => void reply.header('x-hook', '1'));
  await made.ready();
  return made;
}

const json = { 'Content-Type': 'application/json' };

describe('Fastify, mounted, answers as on node:http', () => {
  test.each<[string, readonly string[]]>([
    ['text', [ask('GET /'), ask('HEAD /')]],
    ['what it knows of the request', [ask('GET /who?a=1')]],
    ['JSON by a schema', [ask('POST /json', json, '{"a":1}'), ask('POST /json', json, '{"b":1}')]],
    ['JSON that is none', [ask('POST /json', json, '{"a"')]],
    ['a body that is too long', [ask('POST /json', json, `"${'a'.repeat(2_000)}"`)]],
    ['a type it does not take', [ask('POST /json', { 'Content-Type': 'text/x' }, 'a')]],
    [
      'an upload',
      [
        ask('POST /upload', { 'Content-Type': 'application/octet-stream' }, 'x'.repeat(900)),
        ask('GET /'),
      ],
    ],
    ['a stream', [ask('GET /stream'), ask('GET /')]],
    ['an error', [ask('GET /throw'), ask('GET /')]],
    ['the response itself', [ask('GET /raw')]],
    ['404', [ask('GET /nowhere')]],
  ])('%s', async (_, requests) => {
    const alone = await app();
    const routing: NodeListener = (request, response) => alone.routing(request, response);
    const plain = await exchange(world(), plainNode(routing), requests);
    const place = world();
    const mounted = await exchange(place, http(nodeApp(await app())), requests);
    expect(mounted.seen).toEqual(plain.seen);
    expect(mounted.seen).toHaveLength(requests.length);
    expect(place.reports.problems).toEqual([]);
  });
});

test('Fastify is served over HTTP/2', async () => {
  const client = await connectClient(world(), http(nodeApp(await app())));
  const headers = { ':method': 'POST', ':path': '/json', 'content-type': 'application/json' };
  const answer = await send(client, headers, '{"a":1}');
  expect(answer).toMatchObject({ status: 201, body: '{"got":1}', headers: { 'x-hook': '1' } });
});
