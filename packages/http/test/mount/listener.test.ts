// Plain listeners of node, on node's own server and mounted: what comes back is the same.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type {
  IncomingMessage,
  OutgoingHttpHeader,
  RequestListener,
  ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { TransportSocket } from '@hawser/core';
import { pipeWorld } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { http, type NodeListener, nodeApp } from '../../src/index.ts';
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

type Requests = Parameters<typeof exchange>[2];

/** Gives the answers of both, after a look at whether they are the same. */
async function both(
  listener: RequestListener,
  requests: Requests,
): Promise<Awaited<ReturnType<typeof exchange>>> {
  const plain = await exchange(world(), plainNode(listener), requests);
  const place = world();
  const mounted = await exchange(place, http(nodeApp(listener)), requests);
  expect(mounted.seen).toEqual(plain.seen);
  expect(place.reports.problems).toEqual([]);
  return mounted;
}

/** Puts others in the place of `write` and `end`, as `compression` does. */
function transformed(response: ServerResponse): void {
  const changed = new Transform({
    transform(chunk: Buffer, _, done) {
      done(null, chunk.toString().toUpperCase());
    },
  });
  const write = response.write.bind(response) as (chunk: Buffer) => boolean;
  const end = response.end.bind(response) as () => ServerResponse;
  changed.on('data', (chunk: Buffer) => {
    if (!write(chunk)) changed.pause();
  });
  changed.on('end', () => end());
  response.on('drain', () => changed.resume());
  response.write = (chunk: unknown) => {
    response.setHeader('x-changed', '1');
    return changed.write(chunk);
  };
  response.end = (chunk?: unknown) => {
    changed.end(chunk);
    return response;
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('a mounted listener answers as on node:http', () => {
  test.each<[string, RequestListener, Requests]>([
    ['with text', (_, response) => void response.end('hello'), [ask('GET /')]],
    ['with nothing', (_, response) => void response.end(), [ask('GET /'), ask('POST /')]],
    ['with bytes', (_, response) => void response.end(Buffer.from('hello')), [ask('GET /')]],
    [
      'with a length',
      (_, response) => void response.writeHead(200, { 'content-length': 5 }).end('hello'),
      [ask('GET /')],
    ],
    [
      'with a status and a phrase',
      (_, response) => void response.writeHead(404, 'Nope', { 'X-A': '1' }).end('no'),
      [ask('GET /')],
    ],
    ['with a phrase of node', (_, response) => void response.writeHead(413).end(), [ask('GET /')]],
    [
      'with many fields',
      (_, response) => {
        response.setHeader('set-cookie', ['a=1', 'b=2']);
        response.setHeader('X-A', ['1', '2']);
        response.appendHeader('X-A', '3');
        response.removeHeader('x-b');
        response.end(JSON.stringify(response.getHeaders()));
      },
      [ask('GET /')],
    ],
    [
      'with a head of raw lines',
      (_, response) => {
        response.setHeader('x-before', '1');
        response.writeHead(201, ['X-A', '1', 'x-a', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
        response.end('raw');
      },
      [ask('GET /')],
    ],
    [
      'with a head of pairs',
      (_, response) => {
        const pairs = [
          ['x-a', '1'],
          ['x-b', '2'],
        ];
        response.writeHead(200, pairs as unknown as OutgoingHttpHeader[]).end('pairs');
      },
      [ask('GET /')],
    ],
    [
      'with what it can do only before the head',
      (_, response) => {
        const codes: unknown[] = [];
        const attempt = (act: () => void): void => {
          try {
            act();
          } catch (thrown) {
            codes.push((thrown as { code?: string }).code);
          }
        };
        attempt(() => response.setHeader('x-a', 'a\nb'));
        attempt(() => response.setHeader('x a', 'b'));
        attempt(() => response.writeHead(99));
        response.writeHead(200);
        attempt(() => response.setHeader('x-late', '1'));
        attempt(() => response.writeHead(500));
        response.end(JSON.stringify(codes));
      },
      [ask('GET /')],
    ],
    [
      'after its end, to nobody',
      (_, response) => {
        response.on('error', () => undefined);
        response.end('done');
        response.write('more');
        response.end('again');
      },
      [ask('GET /'), ask('GET /')],
    ],
    [
      'through middleware that takes next',
      (request, response) => {
        const steps = [
          (next: () => void) => {
            response.setHeader('x-one', '1');
            setImmediate(next);
          },
          (next: () => void) => {
            response.setHeader('x-two', '2');
            next();
          },
          () => response.end(request.url),
        ];
        const run = (at: number): void => {
          steps[at]?.(() => run(at + 1));
        };
        run(0);
      },
      [ask('GET /a'), ask('GET /b')],
    ],
    [
      'through middleware that changes what others write',
      (_, response) => {
        transformed(response);
        response.setHeader('content-type', 'text/plain');
        response.write('hello '.repeat(1_000));
        setImmediate(() => response.end('there '.repeat(1_000)));
      },
      [ask('GET /'), ask('GET /')],
    ],
    [
      'with whom it is connected to',
      (request, response) => {
        const { socket, connection } = request as IncomingMessage & { socket: TLSSocket };
        const { remoteAddress, remotePort, encrypted, writable, destroyed, readyState } = socket;
        response.end(
          JSON.stringify({
            same: socket === connection,
            remoteAddress,
            remotePort,
            encrypted,
            writable,
            destroyed,
            readyState,
            address: socket.address(),
            calls: [socket.setNoDelay(), socket.setKeepAlive(), socket.ref(), socket.unref()].map(
              (each) => each === socket,
            ),
          }),
        );
      },
      [ask('GET /')],
    ],
    [
      'in the order of requests that come at once',
      async (request, response) => {
        const text = await textOf(request);
        // The first one takes longest.
        for (let turn = 0; turn < 30 - Number(request.url?.slice(1)) * 10; turn++) {
          await new Promise((done) => setImmediate(done));
        }
        response.end(`${request.url} ${text}`);
      },
      [[ask('POST /1', {}, 'one'), ask('GET /2'), ask('POST /3', {}, 'three')]],
    ],
    [
      'in pieces',
      (_, response) => {
        response.write('one ');
        setImmediate(() => {
          response.write('two ');
          setImmediate(() => response.end('three'));
        });
      },
      [ask('GET /')],
    ],
    [
      'with the head first',
      (_, response) => {
        response.flushHeaders();
        setImmediate(() => response.end('later'));
      },
      [ask('GET /')],
    ],
    [
      'with trailers',
      (_, response) => {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('body');
        response.addTrailers({ 'x-sum': '4' });
        response.end();
      },
      [ask('GET /', { te: 'trailers' })],
    ],
    [
      'with 103',
      (_, response) => {
        response.writeEarlyHints({ link: '</a.css>; rel=preload; as=style' });
        response.end('hinted');
      },
      [ask('GET /')],
    ],
    [
      'with 102',
      (_, response) => {
        response.writeProcessing();
        response.end('processed');
      },
      [ask('GET /')],
    ],
    [
      'to HEAD',
      (_, response) => {
        response.setHeader('content-length', 5);
        response.end('hello');
      },
      [ask('HEAD /'), ask('GET /')],
    ],
    ['with 204', (_, response) => void response.writeHead(204).end(), [ask('GET /')]],
    [
      'with 304',
      (_, response) => void response.writeHead(304, { etag: '"a"' }).end(),
      [ask('GET /')],
    ],
    [
      'to a body',
      async (request, response) => {
        response.end(`${request.method} ${await textOf(request)}`);
      },
      [ask('POST /', {}, 'hello'), ask('PUT /', {}, 'again'), ask('GET /')],
    ],
    [
      'to a body in chunks with trailers',
      async (request, response) => {
        const text = await textOf(request);
        response.end(JSON.stringify([text, request.complete, request.trailers]));
      },
      [
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n',
      ],
    ],
    [
      'without reading a body',
      (_, response) => void response.end('no need'),
      [ask('POST /', {}, 'hello'), ask('GET /')],
    ],
    [
      'with what it was asked',
      (request, response) => {
        const { method, url, httpVersion, headers, rawHeaders, headersDistinct } = request;
        response.end(
          JSON.stringify({ method, url, httpVersion, headers, rawHeaders, headersDistinct }),
        );
      },
      [
        ask('GET /a%20b/../c?d=%zz', { 'X-Mixed': 'One', Cookie: 'a=1', 'x-mixed': 'two' }),
        ask('OPTIONS /x'),
      ],
    ],
    [
      'with 100 first',
      async (request, response) => void response.end(await textOf(request)),
      [ask('POST /', { Expect: '100-continue' }, 'hello')],
    ],
    [
      'of all states',
      (request, response) => {
        const before = [
          response.headersSent,
          response.writableEnded,
          response.finished,
          request.readable,
          request.socket.destroyed,
          response.socket === request.socket,
          response.req === request,
        ];
        response.on('finish', () => undefined);
        response.end(JSON.stringify([before, response.headersSent, response.writableEnded]));
      },
      [ask('GET /')],
    ],
  ])('%s', async (_, listener, requests) => {
    const { seen } = await both(listener, requests);
    expect(seen).toHaveLength(requests.flat().length);
  });

  test('and hears the same events', async () => {
    const logs: string[][] = [];
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      const log: string[] = [];
      logs.push(log);
      for (const event of ['end', 'close', 'aborted', 'error']) {
        request.on(event, () => log.push(`request ${event}`));
      }
      for (const event of ['finish', 'close', 'error']) {
        response.on(event, () => log.push(`response ${event} ${response.destroyed}`));
      }
      request.resume();
      request.on('end', () => response.end('done'));
    };
    await both(listener, [ask('POST /', {}, 'hello')]);
    const [plain = [], mounted = []] = logs;
    expect(mounted.toSorted()).toEqual(plain.toSorted());
    expect(mounted).toContain('response close true');
  });
});

describe('a mounted listener', () => {
  test('that does not want a body does not ask for it', async () => {
    const { seen } = await exchange(
      world(),
      http(nodeApp((_, response) => void response.writeHead(403).end('no'))),
      [ask('POST /', { Expect: '100-continue', 'Content-Length': '5' })],
    );
    expect(seen).toMatchObject([{ status: 403, interim: [] }]);
  });

  test('has its connection kept', async () => {
    const { seen, closed } = await exchange(
      world(),
      http(nodeApp((_, response) => void response.setHeader('connection', 'x').end('a'))),
      [ask('GET /'), ask('GET /'), ask('GET /')],
    );
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(closed).toBe(false);
  });

  test('stops writing while the peer takes nothing, and reading while it takes nothing itself', async () => {
    const place = world();
    let written = 0;
    let drains = 0;
    let read = 0;
    let incoming: IncomingMessage | undefined;
    const listener: RequestListener = (request, response) => {
      incoming = request;
      const chunk = Buffer.alloc(16_384);
      const more = (): void => {
        while (written < 400) {
          written += 1;
          if (!response.write(chunk)) return;
        }
        response.end();
      };
      response.on('drain', () => {
        drains += 1;
        more();
      });
      more();
    };
    let bytes = 0;
    let resume: () => void = () => undefined;
    await place.connect(http(nodeApp(listener)), {
      connectionMade(transport) {
        transport.write(Buffer.from(ask('POST /', { 'Content-Length': '1000000' })));
        transport.pauseReading();
        resume = () => transport.resumeReading();
        for (let nth = 0; nth < 10; nth++) transport.write(Buffer.alloc(100_000));
      },
      dataReceived: (chunk) => {
        bytes += chunk.length;
      },
    });
    await place.elapse(50);
    expect(written).toBeLessThan(40);
    // Nobody reads the body.
    expect(incoming?.readableLength).toBe(0);
    incoming?.on('data', (chunk: Buffer) => {
      read += chunk.length;
      incoming?.pause();
    });
    await place.elapse(50);
    expect(read).toBeLessThan(300_000);
    resume();
    incoming?.removeAllListeners('data');
    incoming?.on('data', (chunk: Buffer) => (read += chunk.length)).resume();
    for (let turn = 0; turn < 200 && written < 400; turn++) await place.elapse(1);
    await place.elapse(50);
    expect(written).toBe(400);
    expect(drains).toBeGreaterThan(10);
    expect(bytes).toBeGreaterThan(400 * 16_384);
    expect(read).toBe(1_000_000);
  });

  test('pipes a large upload into its answer', async () => {
    const place = world();
    const client = await connectClient(
      place,
      http(nodeApp((request, response) => void pipeline(request, response))),
    );
    const sent = Buffer.alloc(900_000, 'abcdefg');
    const answer = await send(client, { ':method': 'POST' }, sent);
    expect(answer.status).toBe(200);
    expect(createHash('sha256').update(answer.body).digest('hex')).toBe(
      createHash('sha256').update(sent).digest('hex'),
    );
  });

  test('can be piped into again after it had to wait', async () => {
    const { seen } = await exchange(
      world(),
      http(
        nodeApp(async (_, response) => {
          for (let nth = 0; nth < 3; nth++) {
            await pipeline(Readable.from([Buffer.alloc(200_000, 'x')]), response, { end: false });
          }
          response.end();
        }),
      ),
      [ask('GET /')],
    );
    expect(seen[0]?.body.length).toBe(600_000);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['rejects', () => Promise.reject(new Error('oops'))],
    [
      'gives its answer up',
      (_: IncomingMessage, response: ServerResponse) => void response.destroy(),
    ],
  ])('that %s is reported and answered with 500', async (_, listener) => {
    const place = world();
    const { seen } = await exchange(place, http(nodeApp(listener)), [ask('GET /')]);
    expect(seen).toMatchObject([{ status: 500 }]);
    expect(place.reports.problems).toHaveLength(1);
  });

  test.each<[string, RequestListener]>([
    [
      'ends before its length',
      (_, response) => void response.writeHead(200, { 'content-length': 9 }).end('half'),
    ],
    [
      'is destroyed in the middle',
      (_, response) => {
        response.write('half');
        setImmediate(() => response.destroy());
      },
    ],
  ])('whose answer %s resets the connection', async (_, listener) => {
    const { seen, closed } = await exchange(world(), http(nodeApp(listener)), [ask('GET /')]);
    expect(seen.filter(({ body }) => body === 'half')).toEqual([]);
    expect(closed).toBe(true);
  });

  test.each<[string, NodeListener]>([
    [
      'is longer than its length',
      (_, response) => void response.setHeader('content-length', 2).end('abc'),
    ],
    [
      'is followed by another one',
      (_, { socket }) => {
        const one = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na';
        socket?.end(`${one}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`);
      },
    ],
  ])(
    'whose answer %s fails, and the connection carries no more than one answer',
    async (_, app) => {
      const place = world();
      const { seen } = await exchange(place, http(nodeApp(app)), [ask('GET /')]);
      expect(seen).toMatchObject([{ status: 500 }]);
      expect(place.reports.problems).toHaveLength(1);
    },
  );

  test.each<[string, number, NodeListener]>([
    [
      "'data'",
      500,
      (request) =>
        void request.on('data', () => {
          throw new Error('thrown');
        }),
    ],
    [
      "'end'",
      500,
      (request) =>
        void request.resume().on('end', () => {
          throw new Error('thrown');
        }),
    ],
    [
      "'finish'",
      200,
      (_, response) =>
        void response.end('done').on('finish', () => {
          throw new Error('thrown');
        }),
    ],
    [
      "'close'",
      200,
      (_, response) =>
        void response.end('done').on('close', () => {
          throw new Error('thrown');
        }),
    ],
    [
      'nothing, after its answer,',
      200,
      (_, response) => {
        response.end('done');
        throw new Error('thrown');
      },
    ],
  ])('that throws at %s is reported, and the process goes on: %i', async (_, status, app) => {
    const place = world();
    const { seen } = await exchange(place, http(nodeApp(app)), [
      ask('POST /', {}, 'abc'),
      ask('POST /', {}, 'abc'),
    ]);
    expect(seen.map((each) => each.status)).toEqual([status, status]);
    expect(place.reports.problems).toHaveLength(2);
  });

  test('hears that the peer has left', async () => {
    const place = world();
    const log: string[] = [];
    let abort: () => void = () => undefined;
    await place.connect(
      http(
        nodeApp((request, response) => {
          request.on('aborted', () => log.push('aborted'));
          request.on('error', (error: NodeJS.ErrnoException) => log.push(`error ${error.code}`));
          request.on('close', () => log.push(`request close ${request.destroyed}`));
          response.on('close', () => {
            const { destroyed, writableEnded, writableFinished } = response;
            log.push(`response close ${destroyed} ${writableEnded} ${writableFinished}`);
          });
          response.on('finish', () => log.push('finish'));
          response.write('begun');
        }),
      ),
      {
        connectionMade(transport) {
          transport.write(Buffer.from(ask('POST /', { 'Content-Length': '9' }, '')));
          abort = () => transport.abort();
        },
        dataReceived: () => undefined,
      },
    );
    await place.elapse(10);
    abort();
    await place.elapse(10);
    expect(log.toSorted()).toEqual([
      'aborted',
      'error ECONNRESET',
      'request close true',
      'response close true false false',
    ]);
    expect(place.reports.problems).toEqual([]);
  });

  test('hears of the end of a long answer when the peer has taken it, or has left', async () => {
    const place = world();
    const log: string[] = [];
    let abort: () => void = () => undefined;
    let resume: () => void = () => undefined;
    let pause: () => void = () => undefined;
    let bytes = 0;
    await place.connect(
      http(
        nodeApp((_, response) => {
          for (const event of ['finish', 'close']) response.on(event, () => log.push(event));
          response.end(Buffer.alloc(1_000_000));
        }),
      ),
      {
        connectionMade(transport) {
          transport.pauseReading();
          transport.write(Buffer.from([ask('GET /'), ask('GET /')].join('')));
          abort = () => transport.abort();
          resume = () => transport.resumeReading();
          pause = () => transport.pauseReading();
        },
        dataReceived(chunk) {
          bytes += chunk.length;
          // The second answer is not wanted.
          if (bytes > 1_001_000) pause();
        },
      },
    );
    await place.elapse(10);
    expect(log).toEqual([]);
    resume();
    await place.elapse(10);
    expect(log).toEqual(['finish', 'close']);
    abort();
    await place.elapse(10);
    expect(log.slice(2)).toContain('close');
    expect(place.reports.problems).toEqual([]);
  });

  test('answers a peer that has ended its side', async () => {
    for (const factory of [plainNode, (app: RequestListener) => http(nodeApp(app))]) {
      const place = world();
      const log: string[] = [];
      const chunks: Buffer[] = [];
      await place.connect(
        factory((request, response) => {
          for (const event of ['aborted', 'error']) request.on(event, () => log.push(event));
          response.on('close', () => log.push(`close ${response.writableFinished}`));
          setImmediate(() => setImmediate(() => response.end('waited')));
        }),
        {
          connectionMade(transport) {
            transport.write(Buffer.from(ask('GET /', { Connection: 'close' })));
            transport.end();
          },
          dataReceived: (chunk) => void chunks.push(chunk),
        },
      );
      for (let turn = 0; turn < 20; turn++) await place.elapse(1);
      // Node's own server does not wait for it unless it is told to.
      if (factory === plainNode) continue;
      expect(Buffer.concat(chunks).toString()).toMatch(/\r\n\r\nwaited$/);
      expect(log).toEqual(['close true']);
    }
  });

  test('may hold an answer until another request brings what it is about', async () => {
    const place = world();
    const held: ServerResponse[] = [];
    const factory = http(
      nodeApp((request, response) => {
        if (request.method === 'GET') held.push(response);
        else {
          for (const each of held.splice(0)) each.end(`news ${request.url}`);
          response.end('told');
        }
      }),
    );
    const polls = Promise.all([
      exchange(place, factory, [ask('GET /poll')]),
      exchange(place, factory, [ask('GET /poll')]),
    ]);
    await place.elapse(5);
    expect((await exchange(place, factory, [ask('POST /1')])).seen).toMatchObject([
      { body: 'told' },
    ]);
    for (const { seen } of await polls) expect(seen).toMatchObject([{ body: 'news /1' }]);
  });

  test('whose request takes too long is answered for', async () => {
    const place = world();
    const { seen } = await exchange(
      place,
      http(
        nodeApp(async (request, response) => {
          response.end(await textOf(request));
        }),
        { requestTimeoutMs: 5 },
      ),
      [ask('POST /', { 'Content-Length': '9' })],
    );
    expect(seen).toMatchObject([{ status: 408 }]);
    expect(place.reports.problems).toEqual([]);
  });

  test('sees the path below its prefix, and what was asked for', async () => {
    const app = http(
      nodeApp(
        (request, response) =>
          void response.end(
            `${request.url} ${'originalUrl' in request ? request.originalUrl : ''}`,
          ),
        { prefix: '/old/' },
      ),
    );
    const paths = ['/old', '/old/a?b', '/old?b', '/older', '/'];
    const { seen } = await exchange(
      world(),
      app,
      paths.map((path) => ask(`GET ${path}`)),
    );
    expect(seen.map(({ body }) => body)).toEqual([
      '/ /old',
      '/a?b /old/a?b',
      '/?b /old?b',
      '/older /older',
      '/ /',
    ]);
    expect(() => nodeApp(() => undefined, { prefix: 'old' })).toThrow(TypeError);
  });

  test('runs behind what changes requests and answers', async () => {
    const inner = nodeApp((request, response) => {
      response.setHeader(
        'x-inner',
        `${request.url} ${request.headers['x-user']} ${request.method}`,
      );
      response.end('inner');
    });
    const { seen } = await exchange(
      world(),
      http(async (request, context) => {
        const changed =
          'with' in request && typeof request.with === 'function'
            ? (request.with({
                url: 'http://hawser.example/moved?x',
                headers: { 'x-user': 'ann' },
              }) as Request)
            : request;
        const response = await inner(changed, context);
        response.headers.set('x-outer', '1');
        return response;
      }),
      [ask('GET /here')],
    );
    expect(seen).toMatchObject([
      { body: 'inner', headers: { 'x-inner': '/moved?x ann GET', 'x-outer': '1' } },
    ]);
  });

  test('keeps its AsyncLocalStorage', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { seen } = await exchange(
      world(),
      http(
        nodeApp((request, response) =>
          storage.run(String(request.url), async () => {
            const body = await textOf(request);
            response.end(`${storage.getStore()} ${body}`);
          }),
        ),
      ),
      [ask('POST /a', {}, 'x'), ask('POST /b', {}, 'y')],
    );
    expect(seen.map(({ body }) => body)).toEqual(['/a x', '/b y']);
  });

  test('leaves no listener behind on its connection', async () => {
    const warnings: string[] = [];
    const warn = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', warn);
    await exchange(
      world(),
      http(nodeApp((_, response) => void response.end('a'))),
      Array.from({ length: 15 }, () => ask('GET /')),
    );
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  test('hears of silence by setTimeout, on the clock of the reactor', async () => {
    const place = world();
    const { seen } = await exchange(
      place,
      http(
        nodeApp((_, response) => {
          response.setTimeout(10, () => response.end('too long'));
        }),
      ),
      [ask('GET /')],
    );
    expect(seen).toMatchObject([{ body: 'too long' }]);
  });

  test('takes an upgrade, with what the peer has sent already', async () => {
    const place = world();
    const chunks: Buffer[] = [];
    const app = nodeApp((_, response) => void response.writeHead(426).end(), {
      upgrade(request, socket, head) {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
        );
        socket.on('data', (chunk: Buffer) =>
          socket.write(`echo ${request.url} ${head.length} ${chunk}`),
        );
      },
    });
    await place.connect(http(app), {
      connectionMade(transport) {
        const fields = { Connection: 'Upgrade', Upgrade: 'echo' };
        transport.write(Buffer.from(`${ask('GET /up', fields)}early`));
      },
      dataReceived: (chunk) => void chunks.push(chunk),
    });
    await place.elapse(10);
    expect(Buffer.concat(chunks).toString()).toMatch(
      /^HTTP\/1\.1 101 .*\r\n\r\necho \/up 0 early$/s,
    );
    expect(place.reports.problems).toEqual([]);
    const { seen } = await exchange(world(), http(app), [ask('GET /')]);
    expect(seen).toMatchObject([{ status: 426 }]);
  });

  test('that never answers an upgrade holds its connection for no longer than it may', async () => {
    const place = world();
    const app = nodeApp((_, response) => void response.end(), { upgrade: () => undefined });
    let lost = false;
    await place.connect(http(app), {
      connectionMade(transport) {
        const fields = { Connection: 'Upgrade', Upgrade: 'echo' };
        transport.write(Buffer.from(ask('GET /up', fields)));
      },
      dataReceived: () => undefined,
      connectionLost: () => {
        lost = true;
      },
    });
    await place.elapse(14_999);
    expect(lost).toBe(false);
    await place.elapse(1);
    expect(lost).toBe(true);
  });

  test('serves WebSockets of the library it always had', async () => {
    const place = world();
    const sockets = new WebSocketServer({ noServer: true });
    sockets.on('connection', (ws, request) => {
      ws.on('message', (data: Buffer) => ws.send(`${request.url} ${data.toString()}`));
    });
    const app = nodeApp((_, response) => void response.writeHead(426).end(), {
      upgrade(request, socket, head) {
        sockets.handleUpgrade(request, socket, head, (ws) =>
          sockets.emit('connection', ws, request),
        );
      },
    });
    let socket: TransportSocket | undefined;
    await place.connect(http(app), {
      connectionMade(transport) {
        socket = new TransportSocket(transport);
        transport.handTo(socket.protocol);
      },
      dataReceived: () => undefined,
    });
    const ws = new WebSocket('ws://hawser.example/live', {
      createConnection: () => socket as unknown as Socket,
    });
    const heard = new Promise((done) => ws.on('message', (data: Buffer) => done(data.toString())));
    ws.on('open', () => ws.send('hello'));
    expect(await heard).toBe('/live hello');
    ws.terminate();
    sockets.close();
  });

  test('over HTTP/2 knows the version, and needs no way to delimit its answer', async () => {
    const client = await connectClient(
      world(),
      http(
        nodeApp((request, response) => {
          response.write(`${request.httpVersion} ${request.headers.host} `);
          setImmediate(() => response.end('end'));
        }),
      ),
    );
    const answer = await send(client, {}, undefined);
    expect(answer).toMatchObject({ status: 200, body: '2.0 hawser.example:80 end', rstCode: 0 });
    expect(answer.headers['transfer-encoding']).toBe(undefined);
  });

  test('answers HTTP/1.0', async () => {
    const place = world();
    const chunks: Buffer[] = [];
    await place.connect(
      http(
        nodeApp((request, response) => {
          response.write(`${request.httpVersion} `);
          setImmediate(() => response.end('end'));
        }),
      ),
      {
        connectionMade: (transport) => void transport.write(Buffer.from('GET / HTTP/1.0\r\n\r\n')),
        dataReceived: (chunk) => void chunks.push(chunk),
      },
    );
    await place.elapse(10);
    expect(Buffer.concat(chunks).toString()).toMatch(/\r\n\r\n1\.0 end$/);
  });
});
