import { Readable } from 'node:stream';
import type { Factory } from '@hawser/core';
import { createTestReactor, FakeTransport, SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/contract/http-handler.ts';
import { bodyLimit } from '../../src/delivery/body-limit.ts';
import { compression } from '../../src/delivery/compression.ts';
import { decompressBody } from '../../src/delivery/decompress-body.ts';
import { etag } from '../../src/delivery/etag.ts';
import { health } from '../../src/delivery/health.ts';
import { httpAccessLog } from '../../src/delivery/http-access-log.ts';
import { rateLimit } from '../../src/delivery/rate-limit.ts';
import { requestId } from '../../src/delivery/request-id.ts';
import { timeLimit } from '../../src/delivery/time-limit.ts';
import { trustProxy } from '../../src/delivery/trust-proxy.ts';
import { cors } from '../../src/middleware/cors.ts';
import type { Middleware } from '../../src/routing/middleware.ts';
import type { RoutedRequest } from '../../src/routing/routed-request.ts';
import { router } from '../../src/routing/router.ts';
import { http } from '../../src/server/http.ts';
import { eventStream } from '../../src/sse/event-stream.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { takeOver } from '../../src/web/take-over.ts';
import { testClient } from '../../testing/index.ts';

/** What may wait on its way in pieces of 27 KB: a stream of node keeps 64 KiB from Node 22 on, and a coder does so too. */
const MOST_PIECES = 12;
const PAGE = '<p>Hello</p>\n'.repeat(500);

const silent: Factory = {
  name: 'silent',
  buildProtocol: () => ({ dataReceived: () => undefined }),
};
const used = new HttpResponse(new ReadableStream());
void used.body?.cancel();

/** What other libraries take for a promise. */
function later<T>(promise: Promise<T>): Promise<T> {
  const then: Promise<T>['then'] = (...listeners) => later(promise.then(...listeners));
  // oxlint-disable-next-line unicorn/no-thenable -- that is what it is
  return { then } as unknown as Promise<T>;
}

/** Everything there is, by name, in an order that makes sense. */
function everything(log: (line: string) => void): Record<string, Middleware> {
  return {
    trustProxy: trustProxy({ trusted: ['memory'] }),
    httpAccessLog: httpAccessLog(log, { format: 'json' }),
    requestId: requestId(),
    health: health().middleware,
    rateLimit: rateLimit({ limit: 100, key: () => 'all' }),
    timeLimit: timeLimit(1_000),
    compression: compression(),
    etag: etag(),
    decompressBody: decompressBody(),
    bodyLimit: bodyLimit(1_000),
  };
}

describe('all of it in front of', () => {
  const names = [...Object.keys(everything(() => undefined)), 'all'];

  test.each(names)('one answer for all (%s) leaves that as it was', async (name) => {
    const lines: string[] = [];
    const all = everything((line) => lines.push(line));
    const constants = [
      HttpResponse.html(PAGE, { headers: { 'x-own': 'yes' } }),
      new HttpResponse(Buffer.from(PAGE), { headers: { 'content-type': 'text/html' } }),
      HttpResponse.html(PAGE, { headers: { etag: '"tag"' } }),
      new HttpResponse(null, { status: 204 }),
      new Response(null, { status: 204 }),
    ];
    const before = constants.map(({ headers }) => [...headers]);
    const app = router();
    for (const [key, middleware] of Object.entries(all)) {
      if (name === key || name === 'all') app.use(middleware);
    }
    for (const [at, constant] of constants.entries()) app.get(`/${at}`, () => constant);
    await using client = testClient(app);
    const ids = new Set<string | null>();
    for (const round of [1, 2]) {
      for (const at of constants.keys()) {
        const answer = await client.get(`/${at}`);
        expect([round, await answer.text()]).toEqual([round, at < 3 ? PAGE : '']);
        ids.add(answer.headers.get('x-request-id'));
      }
    }
    expect(ids.size).toBe(name === 'requestId' || name === 'all' ? 10 : 1);
    expect(constants.map(({ headers }) => Array.from(headers))).toEqual(before);
    expect(client.reactor.reports.problems).toEqual([]);
  });

  test.each(names)('an answer that can be awaited and is no Promise (%s)', async (name) => {
    const all = everything(() => undefined);
    const app = router();
    for (const [key, middleware] of Object.entries(all)) {
      if (name === key || name === 'all') app.use(middleware);
    }
    app.get('/', () => later(Promise.resolve(HttpResponse.html(PAGE))));
    await using client = testClient(app);
    const answer = await client.get('/');
    expect([answer.status, await answer.text()]).toEqual([200, PAGE]);
    expect(client.reactor.reports.problems).toEqual([]);
  });
});

describe('too slow answers are told to the peer and in the log, and not reported one by one:', () => {
  const slow = (): Promise<Response> => new Promise(() => undefined);

  test.each<[where: string, make: (log: Middleware) => HttpHandler]>([
    ['in a router', (log) => router().use(log).use(cors()).use(timeLimit(1_000)).get('/', slow)],
    [
      'without one',
      (log) => (request, context) => {
        const limited = () => timeLimit(1_000)(request as RoutedRequest, slow, context);
        return log(request as RoutedRequest, limited, context);
      },
    ],
  ])('%s', async (where, make) => {
    const lines: string[] = [];
    await using client = testClient(make(httpAccessLog((line) => lines.push(line))));
    const asked = client.get('/', { headers: { origin: 'http://a' } });
    await client.elapse(1_000);
    const answer = await asked;
    const text = await answer.text();
    expect(answer.status).toBe(503);
    expect(answer.headers.has('access-control-allow-origin')).toBe(where === 'in a router');
    await client.reactor.clock.settle();
    expect(lines).toEqual([expect.stringContaining(`" 503 ${text.length} "`)]);
    expect(client.reactor.reports.problems).toEqual([]);
  });
});

test('a body that the peer breaks is logged as what answers it', async () => {
  const lines: string[] = [];
  const log = httpAccessLog((line) => lines.push(line));
  const app = router()
    .use(log)
    .post('/', async (request) => HttpResponse.text(await request.text()));
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.adopt(http(app));
  transport.receive('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nno size\r\n');
  await transport.settle();
  expect(transport.takeText()).toMatch(/^HTTP\/1.1 400 /);
  expect(lines).toEqual([expect.stringContaining('"POST / HTTP/1.1" 400 12 ')]);
  expect(reactor.reports.problems).toEqual([]);
});

test.each<[what: string, status: number, respond: () => Response]>([
  ['a switch that the peer did not ask for', 426, () => takeOver(silent, { protocol: 'echo' })],
  ['a body that was read already', 500, () => used],
  ['a header that cannot be sent', 500, () => new HttpResponse('', { headers: { a: '\x01' } })],
  ['a standard answer', 202, () => new Response('x', { status: 202 })],
  ['a stream', 203, () => new HttpResponse(new Response('x').body, { status: 203 })],
])('the log has the status that was sent in the place of %s', async (_what, status, respond) => {
  const lines: string[] = [];
  const app = router()
    .use(httpAccessLog((line) => lines.push(line)))
    .get('/', respond);
  await using client = testClient(app);
  const answer = await client.get('/');
  expect(answer.status).toBe(status);
  const { length } = await answer.text();
  await client.reactor.clock.settle();
  expect(lines).toEqual([expect.stringContaining(`" ${status} ${length} "`)]);
});

describe('a reader that stalls stops, and one that leaves ends, through all of it', () => {
  const html = { headers: { 'content-type': 'text/html' } };

  /** What makes pieces of 27 KB as fast as it may. */
  class Source {
    made = 0;
    ended = 0;

    make = (): string => {
      this.made += 1;
      return new SeededRandom(this.made).bytes(20_000).toString('base64');
    };

    end = (): void => {
      this.ended += 1;
    };

    async *pieces(): AsyncGenerator<string> {
      try {
        for (;;) yield this.make();
      } finally {
        this.end();
      }
    }

    stream(): ReadableStream<Uint8Array> {
      const pull = (to: ReadableStreamDefaultController): void =>
        to.enqueue(Buffer.from(this.make()));
      return new ReadableStream({ pull, cancel: this.end });
    }

    readable(): Readable {
      const { make, end } = this;
      return new Readable({
        read() {
          this.push(make());
        },
        destroy(error, done) {
          end();
          done(error);
        },
      });
    }

    async write(write: (piece: string) => Promise<void>): Promise<void> {
      try {
        for (;;) await write(this.make());
      } finally {
        this.end();
      }
    }
  }

  const kinds: readonly [name: string, respond: (source: Source, request: Request) => Response][] =
    [
      ['a generator', (source) => new HttpResponse(source.pieces(), html)],
      ['a stream', (source) => new HttpResponse(source.stream(), html)],
      ['a node stream', (source) => new HttpResponse(source.readable(), html)],
      ['a standard response', (source) => new Response(source.stream(), html)],
      ['a producer', (source) => HttpResponse.stream(({ write }) => source.write(write), html)],
      ['events', (source, request) => eventStream(request, ({ send }) => source.write(send))],
    ];
  const cases = kinds.flatMap(([name, respond]) =>
    ['identity', 'gzip'].map((coding) => [name, coding, respond] as const),
  );

  test.each(cases)('%s, in %s', async (_name, coding, respond) => {
    const source = new Source();
    const app = router();
    for (const middleware of Object.values(everything(() => undefined))) app.use(middleware);
    app.get('/', (request) => respond(source, request));
    const transport = new FakeTransport();
    transport.adopt(http(app));
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) {
        await new Promise(setImmediate);
        await transport.settle();
      }
    };
    transport.stall();
    transport.receive(`GET / HTTP/1.1\r\nhost: a\r\naccept-encoding: ${coding}\r\n\r\n`);
    await settle();
    expect(source.made).toBeGreaterThan(0);
    expect(source.made).toBeLessThan(MOST_PIECES);
    expect(source.ended).toBe(0);
    transport.lose();
    await settle();
    expect(source.ended).toBe(1);
    expect(source.made).toBeLessThan(MOST_PIECES);
    expect(transport.reactor.reports).toMatchObject({ problems: [] });
  });
});
