import type { Deferred } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import {
  type ClientResponse,
  type HttpClientOptions,
  HttpHeaders,
  HttpResponse,
  http,
} from '../../src/index.ts';
import { StubServer, type TestClient, testClient } from '../../testing/index.ts';
import { Flag, frame } from '../http2/raw-client.ts';
import { failureOf } from './failure-of.ts';
import { head, RawHttp2Server, Type } from './raw-http2-server.ts';

const protocols = ['h2'] as const;
const CANCEL = 8;

function asking(stub: StubServer, options: HttpClientOptions = {}): TestClient {
  return testClient(stub, { protocols, ...options });
}

const textOf = (asked: Deferred<ClientResponse>): Promise<string> =>
  Promise.resolve(asked.addCallback((response) => response.text()));

describe('a request over HTTP/2', () => {
  test('is what it is over HTTP/1, without what belongs to a connection', async () => {
    const stub = new StubServer();
    stub.expect('PUT', '/a?b').reply({ body: 'ok' });
    await using client = asking(stub);
    const response = await client.put('http://user:pass@host.example:81/a?b', {
      headers: {
        connection: 'keep-alive, x-hop',
        'keep-alive': 'timeout=1',
        'transfer-encoding': 'chunked',
        upgrade: 'websocket',
        te: 'gzip',
        cookie: 'a=1; b=2; c=3',
        'X-Mixed': 'Case',
      },
      json: { a: 1 },
    });
    expect([await response.text(), response.version, response.statusText]).toEqual([
      'ok',
      '2.0',
      '',
    ]);
    const [request] = stub.requests;
    expect([request?.authority, request?.json()]).toEqual(['host.example:81', { a: 1 }]);
    expect(Object.fromEntries(request?.headers ?? [])).toEqual({
      host: 'host.example:81',
      accept: '*/*',
      'accept-encoding': expect.stringContaining('gzip') as unknown,
      authorization: 'Basic dXNlcjpwYXNz',
      'content-length': '7',
      'content-type': 'application/json',
      cookie: 'a=1; b=2; c=3',
      'user-agent': 'hawser',
      'x-mixed': 'Case',
    });
  });

  test('that cannot be written fails alone', async () => {
    const stub = new StubServer();
    stub.expect('*').always({ body: 'ok' });
    await using client = asking(stub);
    // Node's library wants it once.
    const headers = HttpHeaders.over(['content-type', 'a/b', 'content-type', 'c/d']);
    const failed = failureOf(client.get('/', { headers }));
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_BAD_FIELD' });
    expect(await textOf(client.get('/'))).toBe('ok');
    expect(stub.connections).toBe(1);
  });

  test.each(['bytes', 3] as const)('arrives as a whole however it is cut (%s)', async (cut) => {
    const echo = http(async (request) => new Response(await request.text()));
    await using client = testClient(echo, { protocols, cut });
    const body = 'x'.repeat(2_000);
    const texts = [1, 2, 3].map(() => textOf(client.post('/', { body })));
    expect(await Promise.all(texts)).toEqual([body, body, body]);
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('%s answered %i has no body', async (method, status) => {
    const stub = new StubServer();
    stub.expect(method).always({ status, headers: { 'content-length': '5' }, body: 'hello' });
    await using client = asking(stub);
    const response = await client.request('/', { method });
    expect([response.status, response.body, await response.text()]).toEqual([status, null, '']);
    expect(client.status.idle).toBe(1);
  });

  test('hears of interim responses, and of fields after the body', async () => {
    const stub = new StubServer();
    stub.expect('GET').reply({
      interim: [[103, { link: '</a.css>' }]],
      body: ['a', 'b'],
      framing: 'chunked',
      trailers: { 'x-sum': '2' },
    });
    await using client = asking(stub);
    const heard: unknown[] = [];
    const response = await client.get('/', {
      headers: { te: 'trailers' },
      onInterim: (...given) => heard.push(given),
    });
    expect([await response.text(), response.trailers.get('x-sum')]).toEqual(['ab', '2']);
    expect(heard).toEqual([[103, ['link', '</a.css>']]]);
  });

  test('waits for 100 with its body, and not for ever', async () => {
    const stub = new StubServer();
    stub.expect('PUT').always({ body: 'ok' });
    await using client = asking(stub);
    expect(await textOf(client.put('/', { body: 'asked for', expectContinue: 5_000 }))).toBe('ok');
    expect(stub.requests[0]?.text).toBe('asked for');
    expect(client.reactor.clock.now()).toBe(0);

    const raw = new RawHttp2Server((connection, { type, flags, stream }) => {
      if (type === Type.Data && (flags & Flag.EndStream) !== 0) connection.answer(stream);
    });
    await using silent = testClient(raw, { protocols });
    const asked = textOf(silent.put('/', { body: 'unasked', expectContinue: 5_000 }));
    await silent.elapse(4_999);
    expect(raw.connections[0]?.frames.some(({ type }) => type === Type.Data)).toBe(false);
    await silent.elapse(1);
    expect(await asked).toBe('ok');
  });

  test.each([
    [
      'pieces',
      () =>
        (async function* pieces() {
          yield 'ab';
        })(),
    ],
    ['text', () => 'ab'],
  ])('sends fields after a body of %s', async (_, makeBody) => {
    const stub = new StubServer();
    stub.expect('PUT').always({ body: 'ok' });
    await using client = asking(stub);
    const trailers = (): Record<string, string> => ({ 'x-sum': '2' });
    expect(await textOf(client.put('/', { body: makeBody(), trailers }))).toBe('ok');
    const [request] = stub.requests;
    expect([request?.text, request?.trailers]).toEqual(['ab', ['x-sum', '2']]);
  });

  test('that is refused instead of 100 sends no body', async () => {
    const raw = new RawHttp2Server((connection, { type, stream }) => {
      if (type === Type.Headers) {
        connection.send(head(stream, [], { status: '413', flags: Flag.EndStream }));
      }
    });
    await using client = testClient(raw, { protocols });
    const response = await client.put('/', { body: 'unasked', expectContinue: true });
    expect(response.status).toBe(413);
    await client.elapse(2_000);
    expect(raw.connections[0]?.frames.some(({ type }) => type === Type.Data)).toBe(false);
    expect(raw.connections[0]?.resets).toEqual([[1, CANCEL]]);
    expect(client.status.idle).toBe(1);
  });

  test('goes on sending while its answer comes', async () => {
    const echo = http((request) => new HttpResponse(request.body));
    await using client = testClient(echo, { protocols });
    const said: string[] = [];
    async function* talk(): AsyncGenerator<string> {
      yield 'one';
      while (said.length < 1) await client.reactor.clock.settle();
      yield 'two';
    }
    const response = await client.post('/', { body: talk() });
    for await (const piece of response.stream as unknown as AsyncIterable<Uint8Array>) {
      said.push(Buffer.from(piece).toString());
    }
    expect(said).toEqual(['one', 'two']);
  });
});

describe('requests side by side', () => {
  test('are answered in any order', async () => {
    const stub = new StubServer();
    stub.expect('GET', '/slow').reply({ body: 'slow', delayMs: 1_000 });
    stub.expect('GET', '/fast').reply({ body: 'fast' });
    await using client = asking(stub);
    const order: string[] = [];
    const all = ['/slow', '/fast'].map((path) =>
      textOf(client.get(path)).then((text) => order.push(text)),
    );
    await client.elapse(1_000);
    await Promise.all(all);
    expect(order).toEqual(['fast', 'slow']);
    expect(stub.connections).toBe(1);
  });

  test('do not wait for a reader that stalls, whose server is stopped', async () => {
    let written = 0;
    const app = http((request) => {
      if (request.url.endsWith('/small')) return new Response('small');
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (; written < 50_000_000; written += 10_000) yield new Uint8Array(10_000);
      }
      return new HttpResponse(endless());
    });
    const http2 = { streamWindowBytes: 100_000 };
    await using client = testClient(app, { protocols, http2 });
    const stalled = await client.get('/endless');
    const [piece] = [await stalled.stream.getReader().read()];
    expect(piece?.value?.length).toBeGreaterThan(0);
    for (let at = 0; at < 5; at++) expect(await textOf(client.get('/small'))).toBe('small');
    await client.reactor.clock.settle();
    expect(written).toBeLessThan(400_000);
    expect(client.connections.size).toBe(1);
  });

  test('share windows: megabytes both ways', async () => {
    const echo = http((request) => new HttpResponse(request.body));
    await using client = testClient(echo, { protocols });
    const body = Buffer.alloc(3_000_000, 'abcdefg');
    const all = [1, 2, 3].map(async () => (await client.post('/', { body })).bytes());
    for (const bytes of await Promise.all(all)) expect(Buffer.from(bytes).equals(body)).toBe(true);
  });
});

describe('a request over HTTP/2 that is given up', () => {
  const silent = (): RawHttp2Server => new RawHttp2Server(() => undefined);
  const halfway = (): RawHttp2Server =>
    new RawHttp2Server((connection, { type, stream }) => {
      if (type === Type.Headers) {
        connection.send(head(stream), frame('data', stream, Buffer.from('half')));
      }
    });

  test('is reset, and its connection stays', async () => {
    const server = silent();
    await using client = testClient(server, { protocols });
    const controller = new AbortController();
    const failed = failureOf(client.get('/', { signal: controller.signal }));
    await client.reactor.clock.settle();
    controller.abort();
    expect(await failed).toMatchObject({ code: 'HAWSER_CANCELLED' });
    await client.reactor.clock.settle();
    expect(server.connections[0]?.resets).toEqual([[1, CANCEL]]);
    expect(client.status).toMatchObject({ connections: 1, idle: 1 });
  });

  test('while it is read is reset', async () => {
    const server = halfway();
    await using client = testClient(server, { protocols });
    const response = await client.get('/');
    const reader = response.stream.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('half');
    await reader.cancel();
    // A short rest is waited for, as servers count resets.
    await client.elapse(2_000);
    expect(server.connections[0]?.resets).toEqual([[1, CANCEL]]);
    expect(client.status).toMatchObject({ connections: 1, idle: 1 });
  });

  test('in the middle of its body does not pass for a whole one', async () => {
    const server = silent();
    await using client = testClient(server, { protocols });
    async function* half(): AsyncGenerator<string> {
      yield 'half';
      await new Promise(() => undefined);
    }
    const asked = client.post('/', { body: half() });
    const failed = failureOf(asked);
    await client.reactor.clock.settle();
    asked.cancel();
    await failed;
    await client.reactor.clock.settle();
    const [connection] = server.connections;
    const sent = connection?.frames.filter(({ stream }) => stream === 1) ?? [];
    expect(sent.map(({ type }) => type)).toEqual([Type.Headers, Type.Data, Type.Rst]);
    expect(sent.some(({ type, flags }) => type < 2 && (flags & Flag.EndStream) !== 0)).toBe(false);
    expect(connection?.resets).toEqual([[1, CANCEL]]);
  });

  test('as its source fails is reset', async () => {
    const server = silent();
    await using client = testClient(server, { protocols });
    async function* broken(): AsyncGenerator<string> {
      yield 'half';
      throw new Error('no more');
    }
    const failed = failureOf(client.post('/', { body: broken() }));
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_UPLOAD' });
    await client.reactor.clock.settle();
    expect(server.connections[0]?.resets).toEqual([[1, CANCEL]]);
  });

  test.each<[string, () => RawHttp2Server, HttpClientOptions['timeouts'], string]>([
    ['the head', silent, { headMs: 1_000 }, 'head'],
    ['a piece of the body', halfway, { bodyIdleMs: 1_000 }, 'body'],
    ['everything', halfway, { totalMs: 1_000 }, 'body'],
  ])('as %s takes too long is reset', async (_, make, timeouts, phase) => {
    const server = make();
    await using client = testClient(server, { protocols, timeouts });
    const failed = failureOf(textOf(client.get('/')));
    await client.elapse(999);
    expect(server.connections[0]?.resets).toEqual([]);
    await client.elapse(1);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT', phase });
    await client.elapse(1);
    expect(server.connections[0]?.resets).toEqual([[1, CANCEL]]);
  });

  test('for silence of the whole connection makes no other one wait for it', async () => {
    const server = new RawHttp2Server((connection, { type, stream }) => {
      if (type === Type.Headers && (server.connections.length > 1 || stream === 1)) {
        connection.answer(stream);
      }
    });
    await using client = testClient(server, { protocols, timeouts: { headMs: 1_000 } });
    expect(await textOf(client.get('/'))).toBe('ok');
    const failed = failureOf(client.get('/'));
    await client.elapse(1_000);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT' });
    expect(await textOf(client.get('/'))).toBe('ok');
    expect(server.connections).toHaveLength(2);
  });

  test('as nobody reads it is reset after a minute', async () => {
    const server = halfway();
    await using client = testClient(server, { protocols });
    const response = await client.get('/');
    await client.elapse(60_000);
    expect(await failureOf(response.text())).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT' });
    expect(server.connections[0]?.resets).toEqual([[1, CANCEL]]);
  });
});
