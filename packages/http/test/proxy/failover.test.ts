// What goes to another server, what does not, and what the peer is told.
import { ConnectError, Deferred as CoreDeferred, type Deferred, fail } from '@hawser/core';
import { createTestReactor, type TestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import {
  type EndpointChoice,
  type HttpClientOptions,
  httpClient,
  type ReverseProxyOptions,
  reverseProxy,
} from '../../src/index.ts';
import {
  PipeEndpoint,
  type StubReplies,
  StubServer,
  type TestClient,
  testClient,
} from '../../testing/index.ts';

import { failureOf } from '../client/failure-of.ts';

interface Cluster {
  readonly reactor: TestReactor;
  readonly peer: TestClient;
  /** `server method`, for each request that a server got. */
  readonly asked: string[];
  readonly stub: StubServer;
}

const refusing = {
  connect: (): Deferred<never> =>
    fail(new ConnectError('HAWSER_REFUSED', 'Cannot connect: refused')),
};
const silent = { connect: (): Deferred<never> => new CoreDeferred<never>({ where: 'silent' }) };

/** Two servers, of which the first is `first`, and the second is well. */
function cluster(
  first: StubReplies | { connect(): Deferred<never> },
  options: ReverseProxyOptions & { readonly of?: HttpClientOptions } = {},
): Cluster {
  const reactor = createTestReactor();
  const asked: string[] = [];
  const { of, ...proxy } = options;
  const stub = new StubServer();
  stub.expect('*').always((request) => {
    asked.push(`${request.authority} ${request.method}`);
    if (request.authority === 'b') return { body: `b ${request.text}` };
    if (typeof first === 'function') return first(request);
    return typeof first === 'object' && 'connect' in first ? 'reset' : first;
  });
  const pipes = new PipeEndpoint(stub);
  const endpoint: EndpointChoice = ({ hostname }) =>
    hostname === 'a' && typeof first === 'object' && 'connect' in first ? first : pipes;
  const client = httpClient(reactor, { endpoint, ...of });
  const app = reverseProxy(['http://a', 'http://b'], { client, ...proxy });
  return { reactor, peer: testClient(app, { reactor }), asked, stub };
}

describe('after a server that took nothing of it', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s goes to the next, with its body',
    async (method) => {
      const { peer, asked } = cluster(refusing);
      const body = method === 'GET' ? null : 'content';
      const response = await peer.request('/', { method, body });
      expect([response.status, await response.text()]).toEqual([200, `b ${body ?? ''}`]);
      expect(asked).toEqual([`b ${method}`]);
      await peer[Symbol.asyncDispose]();
    },
  );

  test('it goes there first from then on, for a while', async () => {
    const { peer, asked, reactor } = cluster(refusing, { maxFailures: 1, downMs: 1_000 });
    for (let nth = 0; nth < 4; nth++) await (await peer.get('/')).text();
    expect(asked).toHaveLength(4);
    await reactor.clock.elapse(1_000);
    await (await peer.get('/')).text();
    await peer[Symbol.asyncDispose]();
  });

  test('it goes nowhere else where nobody wants that', async () => {
    const { peer, asked } = cluster(refusing, { retries: 0 });
    expect((await peer.get('/')).status).toBe(502);
    expect(asked).toEqual([]);
    await peer[Symbol.asyncDispose]();
  });
});

describe('after a server that may have seen it', () => {
  test.each(['GET', 'OPTIONS', 'PUT', 'DELETE'])(
    '%s without a body goes to the next',
    async (method) => {
      const { peer, asked } = cluster('reset');
      expect((await peer.request('/', { method })).status).toBe(200);
      expect(asked).toEqual([`a ${method}`, `b ${method}`]);
      await peer[Symbol.asyncDispose]();
    },
  );

  test.each([
    ['POST', null],
    ['PATCH', null],
    ['POST', 'content'],
    // The body is gone.
    ['PUT', 'content'],
    ['DELETE', 'content'],
  ])('%s goes nowhere else, with the body %j', async (method, body) => {
    const { peer, asked } = cluster('reset');
    expect((await peer.request('/', { method, body })).status).toBe(502);
    expect(asked).toEqual([`a ${method}`]);
    await peer[Symbol.asyncDispose]();
  });

  test('nothing does once the answer has begun', async () => {
    const raw = ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', ''];
    const { peer, asked } = cluster({ raw, end: 'reset', pieceDelayMs: 5 });
    const response = await peer.get('/');
    const failed = failureOf(response.text());
    await peer.elapse(10);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    expect(asked).toEqual(['a GET']);
    await peer[Symbol.asyncDispose]();
  });

  test('nor when it has refused with a status of its own', async () => {
    const { peer, asked } = cluster({ status: 503, body: 'busy' });
    const response = await peer.get('/');
    expect([response.status, await response.text()]).toEqual([503, 'busy']);
    expect(asked).toEqual(['a GET']);
    await peer[Symbol.asyncDispose]();
  });

  test('an answer that breaks HTTP is that server failing', async () => {
    const { peer, asked } = cluster({ raw: 'hello\r\n\r\n' }, { maxFailures: 1 });
    expect((await peer.get('/')).status).toBe(502);
    for (let nth = 0; nth < 3; nth++) await (await peer.get('/')).text();
    expect(asked).toEqual(['a GET', 'b GET', 'b GET', 'b GET']);
    await peer[Symbol.asyncDispose]();
  });
});

describe('a peer is told', () => {
  test.each<[string, number, Parameters<typeof cluster>[0], Parameters<typeof cluster>[1]]>([
    ['that no connection can be had', 502, refusing, {}],
    ['that none could be had in time', 504, silent, { of: { timeouts: { connectMs: 500 } } }],
    ['that the server was too slow', 504, 'silence', { timeouts: { headMs: 500 } }],
    ['that all of it took too long', 504, 'silence', { timeouts: { totalMs: 500 } }],
    ['that the server has left', 502, 'reset', {}],
  ])('%s: %i', async (_, status, first, { of, ...options } = {}) => {
    const { peer } = cluster(first, { ...options, retries: 0, ...(of && { of: { ...of } }) });
    const asked = peer.post('/', { body: 'x' });
    await peer.elapse(500);
    const response = await asked;
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(/^[A-Z][a-zA-Z ]+\n$/);
    await peer[Symbol.asyncDispose]();
  });

  test('to come again when too many wait for a connection', async () => {
    const pool = { maxConnectionsPerOrigin: 1, maxQueued: 1, queueMs: 500 };
    const { peer } = cluster('silence', { retries: 0, of: { pool }, maxFailures: 100 });
    const asked = Array.from({ length: 6 }, () => peer.get('/'));
    await peer.elapse(500);
    const told: unknown[] = [];
    // Every other one goes to the second server, which answers.
    for (const each of [asked[2], asked[4]]) {
      const response = await each;
      told.push([response?.status, response?.headers.get('retry-after')]);
    }
    expect(told).toEqual([
      [503, '1'],
      [503, '1'],
    ]);
    await peer[Symbol.asyncDispose]();
  });
});
