// Peers over HTTP/2, servers over HTTP/1.
import type { ClientHttp2Session } from 'node:http2';
import { pipeWorld, type World } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type HttpHandler,
  HttpResponse,
  http,
  httpClient,
  type ReverseProxyOptions,
  reverseProxy,
} from '../../src/index.ts';
import { PipeEndpoint, type StubServer } from '../../testing/index.ts';
import { answerOf, connectClient, send } from '../http2/h2-world.ts';
import { stubbing } from './proxy-world.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Http2World {
  readonly world: World;
  readonly peer: ClientHttp2Session;
  readonly behind: PipeEndpoint;
}

async function proxied(
  server: StubServer | HttpHandler,
  options: ReverseProxyOptions = {},
): Promise<Http2World> {
  const world = pipeWorld();
  const behind = new PipeEndpoint(typeof server === 'function' ? http(server) : server);
  const client = httpClient(world.reactor, { endpoint: behind });
  const peer = await connectClient(world, http(reverseProxy('http://app', { client, ...options })));
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

  test('moves as fast as the slower side, both ways', async () => {
    const { peer, world } = await proxied((request) => new HttpResponse(request.body));
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
