// Peers over HTTP/2, servers over HTTP/1 and HTTP/2.
import { type ClientHttp2Session, constants } from 'node:http2';
import { pipeWorld, type World } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import {
  exchangeOf,
  type HttpClientOptions,
  HttpError,
  type HttpHandler,
  HttpResponse,
  http,
  httpClient,
  reverseProxy,
} from '../../src/index.ts';
import { PipeEndpoint, type StubServer } from '../../testing/index.ts';
import { answerOf, connectClient, send } from '../http2/h2-world.ts';
import { proxyWorld, stubbing } from './proxy-world.ts';

const protocols = ['h2'] as const;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A peer over HTTP/2, a proxy, and what is behind it. */
interface Http2World {
  readonly world: World;
  readonly peer: ClientHttp2Session;
  readonly behind: PipeEndpoint;
}

async function proxied(
  server: StubServer | HttpHandler,
  options: HttpClientOptions = {},
): Promise<Http2World> {
  const world = pipeWorld();
  const behind = new PipeEndpoint(typeof server === 'function' ? http(server) : server);
  const client = httpClient(world.reactor, { endpoint: behind, ...options });
  const peer = await connectClient(world, http(reverseProxy('http://app', { client })));
  ends.push(async () => {
    peer.destroy();
    client.abort();
    await world.stop();
    expect(world.reports.problems).toEqual([]);
  });
  return { world, peer, behind };
}

describe('a peer over HTTP/2', () => {
  test('gets an answer, and the server who asked', async () => {
    const stub = stubbing({
      status: 201,
      headers: { 'x-a': '1', connection: 'x-b', 'x-b': '2' },
      body: 'ok',
    });
    const { peer } = await proxied(stub);
    const answer = await send(peer, { ':path': '/a?b', cookie: ['a=1', 'b=2'], 'x-c': '3' });
    expect(answer).toMatchObject({ status: 201, body: 'ok', rstCode: 0 });
    expect(answer.headers).toMatchObject({ 'x-a': '1', 'content-length': '2', via: '1.1 hawser' });
    expect(answer.headers['x-b']).toBe(undefined);
    const [request] = stub.requests;
    expect(String(request)).toBe('GET /a?b');
    expect(Object.fromEntries(request?.headers ?? [])).toMatchObject({
      host: 'app',
      cookie: 'a=1; b=2',
      'x-c': '3',
      via: '2.0 hawser',
      'x-forwarded-host': 'hawser.example:80',
    });
  });

  test.each([
    ['of unknown length in chunks', {}, 'chunked', null],
    ['with its length', { 'content-length': '10' }, null, '10'],
  ])('sends a body %s', async (_, fields, coding, length) => {
    const stub = stubbing({ body: 'ok' });
    const { peer } = await proxied(stub);
    const answer = await send(peer, { ':method': 'POST', ...fields }, (stream) => {
      stream.write('hello');
      setImmediate(() => stream.end('there'));
    });
    expect(answer).toMatchObject({ status: 200, body: 'ok' });
    expect(stub.requests[0]).toMatchObject({ text: 'hellothere', complete: true });
    expect(stub.requests[0]?.headers.get('transfer-encoding')).toBe(coding);
    expect(stub.requests[0]?.headers.get('content-length')).toBe(length);
  });

  test('whose body breaks off leaves half a request behind, which the server can see', async () => {
    const stub = stubbing({ body: 'ok' });
    const { peer, behind, world } = await proxied(stub);
    const stream = peer.request({ ':method': 'POST' }, { endStream: false });
    const over = answerOf(stream);
    stream.write('half');
    await world.elapse(10);
    // To close it would send its end first.
    stream.destroy(new Error('gone'));
    await over;
    await world.elapse(10);
    expect(stub.requests.map(({ complete }) => complete)).toEqual([false]);
    expect(behind.servers.size).toBe(0);
  });

  test.each([
    ['HEAD', 'HEAD', { body: 'hello' }, 200, { 'content-length': '5' }],
    ['304', 'GET', { status: 304, headers: { etag: '"a"' } }, 304, { etag: '"a"' }],
    ['204', 'DELETE', { status: 204 }, 204, {}],
    ['nothing', 'GET', { body: '' }, 200, { 'content-length': '0' }],
  ] as const)('gets an answer without a body: %s', async (_, method, reply, status, headers) => {
    const { peer } = await proxied(stubbing(reply));
    for (let nth = 0; nth < 2; nth++) {
      const answer = await send(peer, { ':method': method });
      expect(answer).toMatchObject({ status, body: '', rstCode: 0, headers });
    }
  });

  test('gets interim responses and trailers', async () => {
    const { peer } = await proxied(
      stubbing({
        interim: [[103, { link: '</a>' }]],
        framing: 'chunked',
        body: ['a', 'b'],
        trailers: { 'x-sum': '2' },
      }),
    );
    const answer = await send(peer, { te: 'trailers' });
    expect(answer).toMatchObject({ status: 200, body: 'ab', trailers: { 'x-sum': '2' } });
    expect(answer.informed).toMatchObject([{ ':status': 103, link: '</a>' }]);
  });

  test('waits with its body until the server wants it', async () => {
    const stub = stubbing({ body: 'ok' });
    const { peer } = await proxied(stub);
    const answer = await send(peer, { ':method': 'POST', expect: '100-continue' }, (stream) => {
      stream.on('continue', () => stream.end('wanted'));
    });
    expect(answer).toMatchObject({ status: 200, body: 'ok' });
    expect(stub.requests[0]).toMatchObject({ text: 'wanted' });
    expect(stub.requests[0]?.headers.get('expect')).toBe('100-continue');
  });

  test('that cancels one request ends that one, and no other', async () => {
    const stub = stubbing((request) =>
      request.target === '/slow' ? { delayMs: 50, body: 'slow' } : 'silence',
    );
    const { peer, behind, world } = await proxied(stub);
    const slow = send(peer, { ':path': '/slow' });
    const cancelled = peer.request({ ':path': '/never' });
    cancelled.on('error', () => undefined);
    await world.elapse(10);
    expect(behind.servers.size).toBe(2);
    cancelled.close(8);
    await world.elapse(10);
    expect(behind.servers.size).toBe(1);
    await world.elapse(100);
    expect(await slow).toMatchObject({ status: 200, body: 'slow' });
  });

  test.each([undefined, protocols])('sends fields after its body: %s', async (spoken) => {
    const { peer } = await proxied(
      async (request, context) => {
        const text = await request.text();
        return HttpResponse.text(`${text} ${JSON.stringify([...context.trailers])}`);
      },
      spoken ? { protocols: spoken } : {},
    );
    const stream = peer.request({ ':method': 'POST' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5', 'client-ip': '::1' }));
    stream.end('hello');
    expect(await answerOf(stream)).toMatchObject({ status: 200, body: 'hello [["x-sum","5"]]' });
  });

  test('sees a stream end in error when the server breaks off', async () => {
    const { peer, world } = await proxied(
      stubbing({
        raw: ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', ''],
        end: 'reset',
        pieceDelayMs: 5,
      }),
    );
    const broken = send(peer);
    await world.elapse(50);
    const answer = await broken;
    expect(answer).toMatchObject({ status: 200, body: 'half' });
    expect(answer.rstCode).not.toBe(0);
    // And only that one.
    expect(peer.destroyed).toBe(false);
  });
});

describe('a server over HTTP/2', () => {
  test('gets the request of a peer over HTTP/1, and answers it', async () => {
    const server = http(async (request, context) => {
      const { version, authority } = exchangeOf(request);
      const { headers, method } = request;
      const via = headers.get('via');
      const text = await request.text();
      const trailers = { 'x-sum': String(text.length) };
      const said = JSON.stringify([version, method, authority, via, text, context.secure]);
      return new HttpResponse(said, { headers: { 'x-a': '1' }, trailers });
    });
    const world = proxyWorld(server, { of: { protocols }, host: 'peer' });
    const fields = 'Host: peer.example\r\nTE: trailers\r\nConnection: te, keep-alive';
    world.peer.send(`POST /x HTTP/1.1\r\n${fields}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    world.peer.send('5\r\nhello\r\n0\r\n\r\n');
    await world.reactor.clock.elapse(100);
    const { received } = world.peer;
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).toMatch(/\r\nvia: 2\.0 hawser\r\n/);
    expect(received).toContain('["2.0","POST","peer.example","1.1 hawser","hello",false]');
    expect(received).toMatch(/\r\n0\r\nx-sum: 5\r\n\r\n$/);
    await world.over();
  });

  test('gets what comes after the body of a peer, but not who that says it is', async () => {
    const server = http(async (request, context) => {
      const text = await request.text();
      return HttpResponse.text(`${text} ${JSON.stringify([...context.trailers])}`);
    });
    const world = proxyWorld(server, { of: { protocols } });
    const after = 'X-Sum: 5\r\nTrue-Client-IP: 127.0.0.1\r\nX-Forwarded-Port: 1\r\n';
    world.peer.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    world.peer.send(`5\r\nhello\r\n0\r\n${after}\r\n`);
    await world.reactor.clock.elapse(100);
    expect(world.peer.received).toContain('hello [["x-sum","5"]]');
    await world.over();
  });

  test.each(['HEAD', 'GET'])('answers %s without a body', async (method) => {
    const answers: Record<string, () => HttpResponse> = {
      '/200': () => HttpResponse.text('hello'),
      '/204': () => new HttpResponse(null, { status: 204 }),
      '/304': () => new HttpResponse(null, { status: 304, headers: { etag: '"a"' } }),
      '/empty': () => HttpResponse.text(''),
    };
    const { peer } = await proxied(
      (request) => answers[new URL(request.url).pathname]?.() ?? new HttpResponse(null),
      { protocols },
    );
    for (const [path, status, body, length] of [
      ['/200', 200, method === 'HEAD' ? '' : 'hello', '5'],
      ['/204', 204, '', undefined],
      ['/304', 304, '', undefined],
      ['/empty', 200, '', '0'],
    ] as const) {
      const answer = await send(peer, { ':method': method, ':path': path });
      expect(answer).toMatchObject({ status, body, rstCode: 0 });
      expect(answer.headers['content-length']).toBe(length);
    }
  });

  test('says things before its answer, and when it wants the body', async () => {
    const { peer } = await proxied(
      async (request, context) => {
        context.inform(103, { link: '</a>' });
        return HttpResponse.text(await request.text());
      },
      { protocols },
    );
    const answer = await send(peer, { ':method': 'POST', expect: '100-continue' }, (stream) => {
      stream.on('continue', () => stream.end('wanted'));
    });
    expect(answer).toMatchObject({ status: 200, body: 'wanted' });
    expect(answer.informed).toMatchObject([{ ':status': 103, link: '</a>' }, { ':status': 100 }]);
  });

  // As gRPC does it.
  test('answers messages one by one, with the outcome in its trailers', async () => {
    const { peer, world } = await proxied(
      (request) => {
        const reader = (request.body as ReadableStream<Uint8Array>).getReader();
        async function* echo(): AsyncGenerator<string> {
          for (;;) {
            const { done, value } = await reader.read();
            if (done) return;
            yield `<${Buffer.from(value).toString()}>`;
          }
        }
        return new HttpResponse(echo(), { trailers: { 'grpc-status': '0' } });
      },
      { protocols },
    );
    const stream = peer.request({ ':method': 'POST', te: 'trailers' }, { endStream: false });
    let heard = '';
    stream.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    const over = answerOf(stream);
    for (const word of ['one', 'two', 'three']) {
      stream.write(word);
      await world.elapse(10);
      expect(heard.endsWith(`<${word}>`)).toBe(true);
    }
    stream.end();
    expect(await over).toMatchObject({ rstCode: 0, trailers: { 'grpc-status': '0' } });
  });

  test('answers with trailers only, and they stay the head with which the stream ends', async () => {
    const { peer } = await proxied(
      () => new HttpResponse(null, { headers: { 'grpc-status': '5', 'grpc-message': 'none' } }),
      { protocols },
    );
    const stream = peer.request({ ':method': 'POST', te: 'trailers' }, { endStream: false });
    const flags = new Promise<number>((done) => {
      stream.on('response', (_, given) => done(given));
    });
    stream.end('question');
    const answer = await answerOf(stream);
    expect(answer.headers).toMatchObject({ ':status': 200, 'grpc-status': '5' });
    expect((await flags) & constants.NGHTTP2_FLAG_END_STREAM).not.toBe(0);
  });

  test('hears of a peer that cancels, and goes on with the others', async () => {
    const log: string[] = [];
    const { peer, world, behind } = await proxied(
      (request) => {
        const { pathname } = new URL(request.url);
        request.signal.addEventListener('abort', () => log.push(pathname));
        return new Promise((done) => {
          world.reactor.clock.callLater(100, () => done(HttpResponse.text(pathname)));
        });
      },
      { protocols },
    );
    const kept = send(peer, { ':path': '/kept' });
    const left = peer.request({ ':path': '/left' });
    left.on('error', () => undefined);
    await world.elapse(10);
    left.close(constants.NGHTTP2_CANCEL);
    await world.elapse(10);
    expect(log).toEqual(['/left']);
    await world.elapse(100);
    expect(await kept).toMatchObject({ status: 200, body: '/kept' });
    expect(behind.servers.size).toBe(1);
  });

  test('that breaks off in the middle of a body breaks that of the peer off', async () => {
    const { peer, world } = await proxied(
      () => {
        async function* half(): AsyncGenerator<string> {
          yield 'half';
          await new Promise<void>((done) => world.reactor.clock.callLater(10, done));
          throw new HttpError(500, 'broken', { report: false });
        }
        return new HttpResponse(half(), { trailers: { 'grpc-status': '0' } });
      },
      { protocols },
    );
    const answer = send(peer, { te: 'trailers' });
    await world.elapse(50);
    const { rstCode, trailers } = await answer;
    expect([rstCode === 0, trailers]).toEqual([false, undefined]);
  });

  test('cannot be asked to switch, and answers as if nobody had', async () => {
    const server = http((request) => HttpResponse.text(String(request.headers.get('upgrade'))));
    const world = proxyWorld(server, { of: { protocols } });
    world.peer.send(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await world.reactor.clock.elapse(100);
    expect(world.peer.received).toMatch(/^HTTP\/1\.1 200 [^]*null$/);
    await world.over();
  });
});

describe.each([
  ['HTTP/1', {}],
  ['HTTP/2', { protocols }],
])('a body that passes to a server over %s', (_, of) => {
  test('moves as fast as the slower side, both ways', async () => {
    const { peer, world } = await proxied((request) => new HttpResponse(request.body), of);
    const stream = peer.request({ ':method': 'POST' }, { endStream: false });
    const all = 6_000_000;
    let written = 0;
    const more = (): void => {
      while (written < all) {
        written += 20_000;
        if (!stream.write(Buffer.alloc(20_000))) return;
      }
      stream.end();
    };
    stream.on('drain', more);
    more();
    await world.elapse(1_000);
    const rested = written;
    expect(rested).toBeLessThan(2_000_000);
    await world.elapse(1_000);
    expect(written).toBe(rested);
    const answer = answerOf(stream);
    await world.elapse(1_000);
    expect((await answer).body.length).toBe(all);
  });
});
