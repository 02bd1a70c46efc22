import { BaseProtocol } from '@hawser/core';
import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import {
  type HttpHandler,
  http,
  httpClient,
  type ReverseProxyOptions,
  reverseProxy,
  takeOver,
} from '../../src/index.ts';
import {
  PipeEndpoint,
  type StubReply,
  StubServer,
  type TestClient,
  testClient,
} from '../../testing/index.ts';
import { failureOf } from '../client/failure-of.ts';

interface World {
  readonly peer: TestClient;
  readonly stub: StubServer;
  readonly behind: PipeEndpoint;
}

/** A peer, a proxy, and a scripted server behind it. */
function proxied(options: ReverseProxyOptions, ...replies: StubReply[]): World {
  const stub = new StubServer();
  stub
    .expect('*')
    .reply(...replies)
    .always({ body: 'ok' });
  return before(stub, options);
}

function before(server: StubServer | HttpHandler, options: ReverseProxyOptions = {}): World {
  const reactor = createTestReactor();
  const behind = new PipeEndpoint(typeof server === 'function' ? http(server) : server);
  const client = httpClient(reactor, { endpoint: behind });
  const app = reverseProxy('http://app:8080/base/', { client, ...options });
  const stub = server instanceof StubServer ? server : new StubServer();
  return { peer: testClient(app, { reactor }), stub, behind };
}

describe('a reverse proxy', () => {
  test('hands a request on, and its answer back', async () => {
    const { peer, stub } = proxied(
      {},
      { status: 201, headers: { 'x-a': '1', server: 's' }, json: { ok: true } },
    );
    const response = await peer.post('/path/?q=1', { body: 'content', headers: { 'x-b': '2' } });
    expect([response.status, await response.json()]).toEqual([201, { ok: true }]);
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-a': '1', via: '1.1 hawser' });
    const [request] = stub.requests;
    expect(String(request)).toBe('POST /base/path/?q=1');
    expect([request?.authority, request?.text]).toEqual(['app:8080', 'content']);
    expect(request?.headers.get('content-length')).toBe('7');
    expect(request?.headers.get('x-b')).toBe('2');
    await peer[Symbol.asyncDispose]();
  });

  test('hands on what a bodiless answer says of its body', async () => {
    const { peer } = proxied({}, { body: 'hello' }, { status: 304, headers: { etag: '"a"' } });
    const head = await peer.head('/');
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['5', '']);
    const fresh = await peer.get('/');
    expect([fresh.status, fresh.headers.get('etag')]).toEqual([304, '"a"']);
    await peer[Symbol.asyncDispose]();
  });

  test('goes on when the server has closed what waited', async () => {
    const { peer, stub, behind } = proxied({});
    expect(await (await peer.get('/')).text()).toBe('ok');
    for (const server of behind.servers) server.abort();
    expect(await (await peer.get('/')).text()).toBe('ok');
    expect(stub.connections).toBe(2);
    await peer[Symbol.asyncDispose]();
  });

  test('keeps what is for one connection to itself, both ways', async () => {
    const hop = {
      connection: 'x-secret, close',
      'x-secret': '1',
      'keep-alive': 'timeout=9',
      'proxy-authenticate': 'x',
    };
    const { peer, stub } = proxied({}, { headers: { ...hop, 'proxy-connection': 'a' }, body: 'a' });
    const response = await peer.get('/', {
      headers: {
        authorization: 'Bearer t',
        'proxy-authorization': 'x',
        te: 'trailers',
        trailer: 'x',
      },
    });
    await response.text();
    for (const name of ['x-secret', 'proxy-authenticate', 'proxy-connection'])
      expect(response.headers.has(name)).toBe(false);
    const headers = stub.requests[0]?.headers;
    expect(headers?.get('authorization')).toBe('Bearer t');
    expect(headers?.get('te')).toBe('trailers');
    for (const name of ['proxy-authorization', 'connection', 'trailer'])
      expect(headers?.has(name)).toBe(false);
    await peer[Symbol.asyncDispose]();
  });

  test.each([
    [
      'x-forwarded',
      false,
      {
        'x-forwarded-for': 'unknown',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'test',
        forwarded: null,
      },
    ],
    [
      'x-forwarded',
      true,
      {
        'x-forwarded-for': '1.2.3.4, unknown',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'public',
        forwarded: null,
      },
    ],
    [
      'forwarded',
      false,
      { 'x-forwarded-for': null, forwarded: 'for=unknown;proto=http;host=test' },
    ],
    ['forwarded', true, { forwarded: 'for=9.9.9.9, for=unknown;proto=http;host=test' }],
    ['none', false, { 'x-forwarded-for': null, 'x-real-ip': null, forwarded: null }],
  ] as const)(
    'tells who asked by %s, trusting what it hears: %s',
    async (forwarded, trustForwarded, expected) => {
      const { peer, stub } = proxied({ forwarded, trustForwarded });
      await peer.get('/', {
        headers: {
          'x-forwarded-for': '1.2.3.4',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'public',
          'x-real-ip': '6.6.6.6',
          forwarded: 'for=9.9.9.9',
        },
      });
      const headers = stub.requests[0]?.headers;
      for (const [name, value] of Object.entries(expected))
        expect([name, headers?.get(name)]).toEqual([name, value]);
      await peer[Symbol.asyncDispose]();
    },
  );

  test('can ask for the Host of the peer, by the way of the server or of the client', async () => {
    const reactor = createTestReactor();
    const stub = new StubServer();
    stub.expect('*').always({ body: 'ok' });
    const behind = new PipeEndpoint(stub);
    for (const [target, client] of [
      [{ url: 'http://app:8080', endpoint: behind }, httpClient(reactor)],
      ['http://app:8080', httpClient(reactor, { endpoint: behind })],
    ] as const) {
      stub.requests.length = 0;
      await using peer = testClient(reverseProxy(target, { client, host: 'peer' }), { reactor });
      for (const host of ['public:99', 'other']) {
        expect(await (await peer.get(`http://${host}/x?y`)).text()).toBe('ok');
      }
      const asked = stub.requests.map(({ authority, target: path }) => [authority, path]);
      expect(asked).toEqual([
        ['public:99', '/x?y'],
        ['other', '/x?y'],
      ]);
      // Whatever name the peer gives, it is one server.
      expect(client.status.origins).toBe(1);
    }
  });

  test('streams both ways, as fast as the slower side', async () => {
    const { peer } = before((request) => new Response(request.body));
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        taken += 16_384;
        yield new Uint8Array(16_384);
      }
    }
    const response = await peer.post('/', { body: endless() });
    await peer.elapse(1_000);
    const rested = taken;
    expect(rested).toBeLessThan(5_000_000);
    await peer.elapse(5_000);
    expect(taken).toBe(rested);
    const reader = response.stream.getReader();
    for (let read = 0; read < 10_000_000; ) read += (await reader.read()).value?.length ?? 0;
    expect(taken).toBeGreaterThan(10_000_000);
    await reader.cancel();
    peer.abort();
    await peer.elapse(1_000);
  });

  test('passes trailers and interim responses on', async () => {
    const { peer } = proxied(
      {},
      {
        interim: [[103, { link: '</a>' }]],
        framing: 'chunked',
        body: ['a', 'b'],
        trailers: { 'x-sum': '2' },
      },
    );
    const heard: number[] = [];
    const response = await peer.get('/', {
      headers: { te: 'trailers' },
      onInterim: (status) => heard.push(status),
    });
    expect([await response.text(), response.trailers.get('x-sum'), heard]).toEqual([
      'ab',
      '2',
      [103],
    ]);
    await peer[Symbol.asyncDispose]();
  });

  test.each([
    ['a reset', 'reset', 502],
    ['garbage', { raw: 'hello\r\n\r\n' }, 502],
  ] as const)('answers %s with a status of its own', async (_, reply, status) => {
    const { peer, stub } = proxied({}, reply);
    expect((await peer.post('/', { body: 'x' })).status).toBe(status);
    expect(stub.requests).toHaveLength(1);
    await peer[Symbol.asyncDispose]();
  });

  test('answers 504 when the server is too slow', async () => {
    const { peer } = proxied({ timeouts: { headMs: 1_000 } }, 'silence');
    const asked = peer.get('/');
    await peer.elapse(1_000);
    expect((await asked).status).toBe(504);
    await peer[Symbol.asyncDispose]();
  });

  test('breaks the answer when that of the server breaks', async () => {
    const { peer } = proxied(
      {},
      {
        raw: ['HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', ''],
        end: 'reset',
        pieceDelayMs: 10,
      },
    );
    const response = await peer.get('/');
    const text = response.text();
    const failed = failureOf(text);
    await peer.elapse(10);
    expect(peer.reactor.reports.problems).toEqual([]);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    await peer[Symbol.asyncDispose]();
  });

  test('ends its request when the peer leaves', async () => {
    for (const reply of ['silence', { body: ['a', 'b'], pieceDelayMs: 60_000 }] as const) {
      const { peer, stub } = proxied({}, reply);
      const asked = peer.get('/');
      await peer.elapse(10);
      expect(stub.open).toBe(1);
      asked.cancel();
      peer.abort();
      await asked.catch(() => undefined);
      await peer.elapse(10);
      expect(stub.open).toBe(0);
    }
  });

  test('limits bodies, whether they say their length or not', async () => {
    async function* body(): AsyncGenerator<string> {
      for (let at = 0; at < 20; at++) yield 'x'.repeat(10);
    }
    const { peer, stub } = proxied({ maxBodyBytes: 100 });
    expect((await peer.post('/', { body: 'x'.repeat(101) })).status).toBe(413);
    expect((await peer.post('/', { body: body() })).status).toBe(413);
    expect((await peer.post('/', { body: 'x'.repeat(100) })).status).toBe(200);
    expect(stub.requests.filter(({ complete }) => complete)).toHaveLength(1);
    await peer[Symbol.asyncDispose]();
  });

  test('refuses loops and CONNECT', async () => {
    const { peer, stub } = proxied({});
    expect(
      (await peer.get('/', { headers: { via: Array(20).fill('1.1 a').join(', ') } })).status,
    ).toBe(508);
    await expect(peer.connectTunnel('http://test/', 'a:1')).rejects.toMatchObject({
      response: { status: 501 },
    });
    expect(stub.requests).toHaveLength(0);
    await peer[Symbol.asyncDispose]();
  });
});

class Ear extends BaseProtocol {
  heard = '';
  lost = false;
  dataReceived(data: Buffer): void {
    this.heard += data.toString();
  }
  override connectionLost(): void {
    this.lost = true;
  }
}

class Echo extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

describe('an upgrade through a proxy', () => {
  const echo = { name: 'echo', buildProtocol: () => new Echo() };

  test('becomes a tunnel, which ends with either side', async () => {
    for (const side of ['peer', 'server'] as const) {
      const { peer, behind } = before(() =>
        takeOver(echo, { protocol: 'echo', headers: { 'x-a': '1' } }),
      );
      const upgraded = await peer.upgrade('/', 'echo');
      expect(upgraded.headers.get('x-a')).toBe('1');
      const ear = new Ear();
      upgraded.handTo(ear);
      ear.transport.write(Buffer.from('hello'));
      await peer.elapse(0);
      expect(ear.heard).toBe('hello');
      ear.transport.write(Buffer.alloc(3_000_000, 'x'));
      await peer.elapse(0);
      expect(ear.heard.length).toBe(3_000_005);
      if (side === 'peer') ear.transport.close();
      else for (const server of behind.servers) server.abort();
      await peer.elapse(10);
      expect([ear.lost, behind.servers.size, peer.connections.size]).toEqual([true, 0, 0]);
      expect(peer.reactor.reports.problems).toEqual([]);
    }
  });

  test('that the server refuses is an ordinary answer', async () => {
    const { peer } = proxied({}, { status: 403, body: 'no' });
    await expect(peer.upgrade('/', 'x')).rejects.toMatchObject({ response: { status: 403 } });
    await peer[Symbol.asyncDispose]();
  });
});

describe('several servers', () => {
  const urls = ['http://a', 'http://b', 'http://c'];

  /** Answers with its name, or not at all. */
  function cluster(
    options: ReverseProxyOptions,
    down: () => readonly string[],
  ): TestClient & { asked: string[] } {
    const reactor = createTestReactor();
    const asked: string[] = [];
    const stub = new StubServer();
    stub.expect('*').always((request) => {
      const name = request.authority ?? '';
      asked.push(name);
      return down().includes(name) ? 'reset' : { body: name };
    });
    const client = httpClient(reactor, { endpoint: new PipeEndpoint(stub) });
    return Object.assign(testClient(reverseProxy(urls, { client, ...options }), { reactor }), {
      asked,
    });
  }

  test('take turns', async () => {
    await using peer = cluster({}, () => []);
    for (let at = 0; at < 6; at++) await (await peer.get('/')).text();
    expect(peer.asked).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  test('stand in for each other, where that is safe', async () => {
    await using peer = cluster({}, () => ['a']);
    expect(await (await peer.get('/')).text()).toBe('b');
    expect(peer.asked).toEqual(['a', 'b']);
    for (let at = 0; at < 2; at++) await (await peer.get('/')).text();
    peer.asked.length = 0;
    const statuses: number[] = [];
    for (let at = 0; at < 3; at++) statuses.push((await peer.post('/', { body: 'x' })).status);
    expect(statuses.filter((status) => status === 502)).toHaveLength(1);
    expect(peer.asked).toHaveLength(3);
  });

  test('are left alone for a while after they failed', async () => {
    let down = ['a'];
    await using peer = cluster({ maxFailures: 2, downMs: 5_000 }, () => down);
    const round = async (): Promise<number> => {
      peer.asked.length = 0;
      for (let at = 0; at < 6; at++) await (await peer.get('/')).text();
      return peer.asked.filter((name) => name === 'a').length;
    };
    expect(await round()).toBe(2);
    expect(await round()).toBe(0);
    down = [];
    await peer.elapse(5_000);
    expect(await round()).toBe(2);
  });

  test('that are all down are asked all the same', async () => {
    let down = ['a', 'b', 'c'];
    await using peer = cluster({ maxFailures: 1 }, () => down);
    for (let at = 0; at < 3; at++) expect((await peer.get('/')).status).toBe(502);
    down = [];
    expect((await peer.get('/')).status).toBe(200);
  });

  test('get what they have the least to do with', async () => {
    const reactor = createTestReactor();
    const stub = new StubServer();
    stub.expect('*', '/slow').always({ delayMs: 1_000, body: 'slow' });
    stub.expect('*').always({ body: 'ok' });
    const client = httpClient(reactor, { endpoint: new PipeEndpoint(stub) });
    await using peer = testClient(reverseProxy(urls, { client, balance: 'least-busy' }), {
      reactor,
    });
    const slow = peer.get('/slow');
    await reactor.clock.settle();
    const busy = stub.requests[0]?.authority;
    for (let at = 0; at < 4; at++) await (await peer.get('/')).text();
    expect(stub.requests.slice(1).map(({ authority }) => authority)).not.toContain(busy);
    await peer.elapse(1_000);
    await (await slow).text();
  });

  test('can be chosen for each request', async () => {
    const reactor = createTestReactor();
    const stub = new StubServer();
    stub.expect('*').always((request) => ({ body: request.authority ?? '' }));
    const client = httpClient(reactor, { endpoint: new PipeEndpoint(stub) });
    const app = reverseProxy(
      async (request) => `http://${new URL(request.url).pathname.slice(1)}`,
      { client },
    );
    await using peer = testClient(app, { reactor });
    expect(await (await peer.get('/one')).text()).toBe('one');
  });
});
