// One of the servers that `http2.ts` compares. Argument: which.
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type HttpHandler, HttpResponse, http2 } from '@hawser/http';
import { COUNT_PATH, ECHO_PATH, HELLO, KEEP_ALIVE_MS, LARGE, LARGE_PATH } from './http-work.ts';
import { beMeasured, serveFactory } from './measured-server.ts';

const [mode = ''] = process.argv.slice(2);

/** What a program does that uses nothing but node, by the cheaper of its two ways. */
function byHand(stream: ServerHttp2Stream, path: string): void {
  stream.on('error', () => stream.destroy());
  if (path === ECHO_PATH) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, 'application/octet-stream', Buffer.concat(chunks)));
  } else if (path === COUNT_PATH) {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('end', () => answer(stream, 'text/plain', String(bytes)));
  } else if (path === LARGE_PATH) {
    answer(stream, 'application/octet-stream', LARGE);
  } else {
    answer(stream, 'text/plain', HELLO);
  }
}

function answer(stream: ServerHttp2Stream, type: string, body: string | Buffer): void {
  stream.respond({
    ':status': 200,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  });
  stream.end(body);
}

function serveStreams(): void {
  const server = createServer();
  server.on('stream', (stream, headers) => byHand(stream, headers[':path'] ?? ''));
  listen(server);
}

/** As servers of HTTP/1 are written. */
function serveMessages(): void {
  listen(
    createServer((request, response) => {
      const give = (type: string, body: string | Buffer): void => {
        response.setHeader('content-type', type);
        response.setHeader('content-length', Buffer.byteLength(body));
        response.end(body);
      };
      if (request.url === ECHO_PATH) {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => give('application/octet-stream', Buffer.concat(chunks)));
      } else if (request.url === COUNT_PATH) {
        let bytes = 0;
        request.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        request.on('end', () => give('text/plain', String(bytes)));
      } else if (request.url === LARGE_PATH) {
        give('application/octet-stream', LARGE);
      } else {
        give('text/plain', HELLO);
      }
    }),
  );
}

function listen(server: ReturnType<typeof createServer>): void {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
    beMeasured((server.address() as AddressInfo).port),
  );
}

const octets = { 'content-type': 'application/octet-stream' };
const handler: HttpHandler = (request) => {
  const path = request.url.slice(request.url.indexOf('/', 'http://'.length));
  if (path === ECHO_PATH) return echo(request);
  if (path === COUNT_PATH) return count(request);
  if (path === LARGE_PATH) return new HttpResponse(LARGE, { headers: octets });
  return new HttpResponse(HELLO);
};

async function echo(request: Request): Promise<Response> {
  return new HttpResponse(await request.arrayBuffer(), { headers: octets });
}

async function count(request: Request): Promise<Response> {
  let bytes = 0;
  for await (const chunk of request.body ?? []) bytes += chunk.length;
  return new HttpResponse(String(bytes));
}

switch (mode) {
  case 'node:http2':
    serveStreams();
    break;
  case 'node:http2, messages':
    serveMessages();
    break;
  case 'Hawser':
    await serveFactory(
      http2(handler, { headTimeoutMs: KEEP_ALIVE_MS, keepAliveTimeoutMs: KEEP_ALIVE_MS }),
    );
    break;
  default:
    throw new Error(`Cannot serve as "${mode}"`);
}
