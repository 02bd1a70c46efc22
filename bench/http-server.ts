// One of the servers that `http.ts` compares. Arguments: which, and a certificate if it is to speak TLS.
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { tls } from '@hawser/core';
import { type HttpHandler, HttpResponse, http, router } from '@hawser/http';
import { getRequestListener } from '@hono/node-server';
import fastify from 'fastify';
import { Hono } from 'hono';
import {
  HELLO,
  KEEP_ALIVE_MS,
  laterPieces,
  pieceStream,
  pieces,
  streamLength,
  user,
} from './http-work.ts';
import { beMeasured, serveFactory, serveRaw } from './measured-server.ts';

const [mode = '', given] = process.argv.slice(2);
const certificate =
  given === undefined ? undefined : (JSON.parse(given) as { cert: string; key: string });
const STREAMS = ['/stream/64k', '/stream/10m'] as const;

/** What a program does that uses nothing but node. */
const byHand: RequestListener = (request, response) => {
  const { url = '' } = request;
  if (url === '/') {
    response.setHeader('Content-Type', 'text/plain');
    response.setHeader('Content-Length', HELLO.length);
    response.end(HELLO);
  } else if (url.startsWith('/users/')) {
    const [id = ''] = url.slice('/users/'.length).split('?');
    const body = JSON.stringify(user(id));
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
  } else if (url === '/echo') {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      response.setHeader('Content-Type', 'application/octet-stream');
      response.setHeader('Content-Length', body.length);
      response.end(body);
    });
  } else {
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Length', streamLength(url));
    Readable.from(pieces(url)).pipe(response);
  }
};

function serveNode(listener: RequestListener): void {
  const options = { keepAliveTimeout: KEEP_ALIVE_MS, ...certificate };
  const server = certificate ? createTlsServer(options, listener) : createServer(options, listener);
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
    beMeasured((server.address() as AddressInfo).port),
  );
}

async function serveHawser(handler: HttpHandler): Promise<void> {
  const factory = http(handler, { keepAliveTimeoutMs: KEEP_ALIVE_MS, maxConnections: 20_000 });
  await serveFactory(certificate ? tls(certificate)(factory) : factory);
}

function hawser(): HttpHandler {
  const octets = { 'content-type': 'application/octet-stream' };
  const app = router()
    .get('/', () => new HttpResponse(HELLO))
    .get('/users/:id', ({ params }) => HttpResponse.json(user(params.id)))
    .post(
      '/echo',
      async (request) => new HttpResponse(await request.arrayBuffer(), { headers: octets }),
    );
  for (const path of STREAMS) {
    const headers = { ...octets, 'content-length': String(streamLength(path)) };
    app.get(path, () => new HttpResponse(laterPieces(path), { headers }));
  }
  return app;
}

async function serveFastify(): Promise<void> {
  const https = certificate && { https: certificate };
  const app = fastify({ keepAliveTimeout: KEEP_ALIVE_MS, ...https });
  app.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  app.get('/', (_request, reply) => reply.type('text/plain').send(HELLO));
  app.get<{ Params: { id: string } }>('/users/:id', async ({ params }) => user(params.id));
  app.post('/echo', (request, reply) => reply.type('application/octet-stream').send(request.body));
  for (const path of STREAMS) {
    app.get(path, (_request, reply) =>
      reply
        .type('application/octet-stream')
        .header('content-length', streamLength(path))
        .send(Readable.from(pieces(path))),
    );
  }
  await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  beMeasured((app.server.address() as AddressInfo).port);
}

function hono(): RequestListener {
  const octets = { 'content-type': 'application/octet-stream' };
  const app = new Hono();
  app.get('/', (c) => c.text(HELLO));
  app.get('/users/:id', (c) => c.json(user(c.req.param('id'))));
  app.post('/echo', async (c) => c.body(await c.req.arrayBuffer(), 200, octets));
  for (const path of STREAMS) {
    const headers = { ...octets, 'content-length': String(streamLength(path)) };
    app.get(path, (c) => c.body(pieceStream(path), 200, headers));
  }
  const listener = getRequestListener(app.fetch);
  return (request, response) => void listener(request, response);
}

/** As little as an answer can cost: it reads nothing but the ends of heads. */
function serveBytes(): void {
  const head = `HTTP/1.1 200 OK\r\nDate: ${new Date().toUTCString()}\r\nContent-Type: text/plain\r\n`;
  const answer = Buffer.from(`${head}Content-Length: ${HELLO.length}\r\n\r\n${HELLO}`);
  const END = Buffer.from('\r\n\r\n');
  serveRaw((socket) =>
    socket.on('data', (data) => {
      const answers: Buffer[] = [];
      for (let at = data.indexOf(END); at >= 0; at = data.indexOf(END, at + 4))
        answers.push(answer);
      socket.write(answers.length === 1 ? answer : Buffer.concat(answers));
    }),
  );
}

switch (mode) {
  case 'node:http':
    serveNode(byHand);
    break;
  case 'Hawser':
    await serveHawser(hawser());
    break;
  case 'Hawser, handler':
    await serveHawser(() => new HttpResponse(HELLO));
    break;
  case 'Hawser, Response':
    await serveHawser(() => new Response(HELLO));
    break;
  case 'Fastify':
    await serveFastify();
    break;
  case 'Hono':
    serveNode(hono());
    break;
  case 'bytes':
    serveBytes();
    break;
  default:
    throw new Error(`Cannot serve as "${mode}"`);
}
