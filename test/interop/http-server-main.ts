/**
 * A server of everything that HTTP has, for programs that are not ours to ask: on one port without TLS, on another with
 * it. Arguments: the options of `http` as JSON, and a directory of files. HTTP/2 is spoken on both.
 */
import { createHash } from 'node:crypto';
import { run, serve, stack, tls } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';
import {
  type BodyProducer,
  compression,
  eventStream,
  type HttpOptions,
  HttpResponse,
  http,
  parts,
  type RoutedRequest,
  router,
  staticFiles,
} from '@hawser/http';
import { webSocket } from '@hawser/websocket';
import { BROWSER_PAGE } from './http-browser-page.ts';

const [settings = '{}', files = '.'] = process.argv.slice(2);
const options = JSON.parse(settings) as HttpOptions;

const PIECE = Buffer.alloc(65_536, '0123456789abcde\n');
/** Octets that answers of `/flood` have made so far. */
let produced = 0;
/** Whoever waits in `/held` before reading anything. */
const releases: (() => void)[] = [];

const app = router()
  .use(compression())
  .get('/', () => HttpResponse.html(BROWSER_PAGE))
  .get('/hello', () => HttpResponse.text('hello\n'))
  .get('/json/:name', ({ params }, { secure, version }) =>
    HttpResponse.json({ name: params.name, secure, version }),
  )
  .get('/long', () => HttpResponse.text('a rope of many strands\n'.repeat(1_000)))
  .on(['POST', 'PUT', 'PATCH', 'DELETE'], '/echo', (request, context) =>
    HttpResponse.stream(request.body ?? nothing(), {
      headers: { 'content-type': 'application/octet-stream', 'x-method': request.method },
      trailers: () => context.trailers,
    }),
  )
  .post('/whole', async (request) =>
    HttpResponse.text(`${(await request.arrayBuffer()).byteLength}\n`),
  )
  .post('/count', async (request) => HttpResponse.json(await count(request.body ?? nothing())))
  .post('/form', async (request) => HttpResponse.json(await readParts(request)))
  .get('/slow', (_request, { reactor }) => {
    const write: BodyProducer = async (body) => {
      for (let line = 1; line <= 3; line++) {
        await body.write(`line ${line}\n`);
        await new Promise<void>((later) => void reactor.clock.callLater(50, later));
      }
    };
    return HttpResponse.stream(write, { trailers: { 'x-lines': '3' } });
  })
  .get('/flood', (request) => {
    const bytes = Number(new URL(request.url).searchParams.get('bytes'));
    // No text: nobody compresses it.
    const headers = { 'content-type': 'application/octet-stream', 'content-length': `${bytes}` };
    return HttpResponse.stream(flood(bytes), { headers });
  })
  .get('/produced', () => HttpResponse.json({ produced }))
  .post('/held', async (request) => {
    await new Promise<void>((release) => {
      releases.push(release);
    });
    return HttpResponse.json(await count(request.body ?? nothing()));
  })
  .post('/release', () => {
    for (const release of releases.splice(0)) release();
    return new HttpResponse(null, { status: 204 });
  })
  .get('/events', (request) =>
    eventStream(
      request,
      async ({ lastEventId, send }) => {
        const first = Number(lastEventId ?? 0) + 1;
        for (const id of [first, first + 1]) {
          await send({ id: `${id}`, data: { id, lastEventId: lastEventId ?? null } });
        }
        // The end of the stream: the browser connects again, with the last id it saw.
      },
      { retryMs: 20 },
    ),
  )
  .mount('/files', staticFiles(files, { etag: 'strong' }));

const echo = webSocket((session) => ({
  messageReceived: (message) => void session.send(message),
}));
const site = http(app, { ...options, websocket: { '/live': echo } });
const certificate = createTestAuthority().server(['localhost', '127.0.0.1']);

await run(
  serve('tcp://127.0.0.1:0', site),
  serve('tcp://127.0.0.1:0', stack(tls(certificate))(site)),
);

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* flood(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= PIECE.length) {
    produced += Math.min(left, PIECE.length);
    yield left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
  }
}

async function count(body: AsyncIterable<Uint8Array>): Promise<{ bytes: number }> {
  let bytes = 0;
  for await (const piece of body) bytes += piece.length;
  return { bytes };
}

async function readParts(request: RoutedRequest): Promise<Record<string, unknown>[]> {
  const read: Record<string, unknown>[] = [];
  for await (const part of parts(request, { maxFileBytes: 10_000_000 })) {
    if (part.kind === 'field') {
      read.push({ name: part.name, value: part.value });
    } else {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of part.stream as AsyncIterable<Uint8Array>) {
        hash.update(piece);
        bytes += piece.length;
      }
      const { name, filename, mimeType } = part;
      read.push({ name, filename, mimeType, bytes, sha256: hash.digest('hex') });
    }
  }
  return read;
}
