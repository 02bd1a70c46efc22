import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import { http, nodeApp } from '../../../src/index.ts';
import { plainNode } from '../mount-world.ts';
import { type AppUnderTest, FILE, PIECES } from './app-under-test.ts';

export async function fastifyApp(): Promise<AppUnderTest> {
  const alone = await make();
  const inside = await make();
  return {
    plain: plainNode((request, response) => alone.routing(request, response)),
    mounted: http(nodeApp(inside)),
    async stop() {
      await alone.close();
      await inside.close();
    },
  };
}

async function make(): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: 200_000 });
  app.addContentTypeParser('application/octet-stream', (_, payload, done) => {
    let bytes = 0;
    payload.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    payload.on('end', () => done(null, { bytes }));
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_, text, done) => done(null, Object.fromEntries(new URLSearchParams(String(text)))),
  );
  app.get('/text', async (request, reply) => {
    reply.header('etag', '"known"');
    if (request.headers['if-none-match'] === '"known"') return reply.code(304).send();
    return 'hello';
  });
  app.post('/json', { bodyLimit: 1_000 }, async (request, reply) => {
    reply.code(201);
    return { got: request.body };
  });
  const schema = {
    body: { type: 'object', required: ['a'], properties: { a: { type: 'number' } } },
    response: { 201: { type: 'object', properties: { got: { type: 'number' } } } },
  };
  app.post<{ Body: { a: number } }>('/schema', { schema }, async (request, reply) => {
    reply.code(201);
    return { got: request.body.a, dropped: true };
  });
  app.post('/form', async (request) => request.body);
  app.post('/upload', async (request) => request.body);
  app.post(
    '/unread',
    { onRequest: async (_, reply) => reply.code(403).send('no') },
    async () => '',
  );
  app.get('/stream', (_, reply) => reply.type('text/plain').send(Readable.from(PIECES)));
  app.get('/file', (_, reply) => reply.send(createReadStream(FILE)));
  app.get('/empty', (_, reply) => reply.code(204).send());
  app.get('/redirect', (_, reply) => reply.redirect('/text'));
  app.get('/cookies', (_, reply) => {
    return reply.header('set-cookie', ['a=1; HttpOnly', 'b=2']).send('set');
  });
  app.get('/throws', () => {
    throw Object.assign(new Error('thrown'), { statusCode: 418 });
  });
  app.get('/rejects', async () => {
    await Promise.resolve();
    throw new Error('rejected');
  });
  app.get('/who', async (request) => {
    const { method, url, hostname, protocol, query, ip } = request;
    return { method, url, hostname, protocol, query, ip: typeof ip };
  });
  app.get('/hijacked', (_, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, ['x-raw', '1', 'x-raw', '2']);
    reply.raw.write('by ');
    setImmediate(() => reply.raw.end('itself'));
  });
  app.addHook('onSend', async (_, reply) => void reply.header('x-hook', '1'));
  await app.ready();
  return app;
}
