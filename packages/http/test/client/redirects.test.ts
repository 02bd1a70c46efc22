import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { cookieJar, type RequestOptions } from '../../src/index.ts';
import { type StubReply, StubServer, type TestClient, testClient } from '../../testing/index.ts';

type Asking = TestClient & { readonly stub: StubServer };

/** A client of a server that redirects once, and answers then. */
function redirecting(status: number, location: string, more: StubReply[] = []): Asking {
  const stub = new StubServer();
  stub
    .expect('*')
    .reply({ status, headers: { location }, body: 'elsewhere' }, ...more)
    .always({ body: 'there' });
  // TLS is not the point: everything is connected to the one server.
  return Object.assign(testClient(stub), { stub });
}

describe('a redirect', () => {
  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [301, 'PUT', 'PUT'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT'],
  ])('with %i turns %s into %s', async (status, method, next) => {
    await using client = redirecting(status, '/next');
    const options = method === 'HEAD' ? {} : { body: 'content' };
    const response = await client.request('/', { method, ...options });
    expect(response).toMatchObject({ url: 'http://test/next', redirected: true, status: 200 });
    await response.text();
    const [, second] = client.stub.requests;
    expect(second?.method).toBe(next);
    const kept = next === method && method !== 'HEAD';
    expect(second?.text).toBe(kept ? 'content' : '');
    expect(second?.headers.has('content-type')).toBe(kept);
    // The first response was read, so that its connection could be used again.
    expect(client.stub.connections).toBe(1);
  });

  test.each([
    ['relative', 'c?d', 'http://test/a/c?d#top'],
    ['to another path', '/c', 'http://test/c#top'],
    ['without scheme', '//other:81/c', 'http://other:81/c#top'],
    ['with a fragment', '/c#end', 'http://test/c#end'],
    ['in UTF-8', '/ü', 'http://test/%C3%BC#top'],
    ['with a user', 'http://user:password@test/c', 'http://test/c#top'],
  ])('that is %s leads where it says', async (_, location, url) => {
    await using client = redirecting(302, Buffer.from(location).toString('latin1'));
    const response = await client.get('/a/b#top');
    expect(response.url).toBe(url);
    expect(client.stub.requests[1]?.headers.has('authorization')).toBe(false);
  });

  test('to another origin does not take credentials along', async () => {
    const options: RequestOptions = {
      auth: 'token',
      headers: { cookie: 'a=1', 'proxy-authorization': 'x', 'x-kept': '1', host: 'test' },
    };
    for (const [location, kept] of [
      ['http://other/', false],
      ['http://test:81/', false],
      ['/same', true],
    ] as const) {
      await using client = redirecting(302, location);
      await client.get('/', options);
      const { headers } = client.stub.requests[1] ?? {};
      for (const name of ['authorization', 'cookie', 'proxy-authorization']) {
        expect([name, headers?.has(name)]).toEqual([name, kept]);
      }
      expect(headers?.get('x-kept')).toBe('1');
      expect(headers?.get('host')).toBe(new URL(location, 'http://test').host);
    }
  });

  test('takes fields that are said to be secret to its own origin only', async () => {
    const headers = { 'x-api-key': 'secret', 'x-other': 'kept' };
    const sensitive = { sensitiveFields: ['X-Api-Key'] };
    for (const [location, kept, ofClient, ofRequest] of [
      ['http://other/', false, sensitive, {}],
      ['http://other/', false, {}, sensitive],
      ['http://other/', true, {}, {}],
      ['/same', true, sensitive, {}],
    ] as const) {
      const stub = new StubServer();
      stub.expect('*').reply({ status: 302, headers: { location } }, { body: 'there' });
      await using client = testClient(stub, ofClient);
      await client.get('/', { headers, ...ofRequest });
      const sent = stub.requests[1]?.headers;
      expect([sent?.has('x-api-key'), sent?.get('x-other')]).toEqual([kept, 'kept']);
    }
  });

  test('to another origin is for that one, whomever the request was for', async () => {
    for (const [location, second] of [
      ['/b', 'public:99'],
      ['http://other/b', 'other'],
    ] as const) {
      await using client = redirecting(302, location);
      await client.get('/a', { authority: 'public:99' });
      expect(client.stub.requests.map(({ authority }) => authority)).toEqual(['public:99', second]);
    }
  });

  test('brings its cookies, each to where it belongs', async () => {
    const reactor = createTestReactor();
    const stub = new StubServer();
    const headers = [
      ['location', 'http://b.example/'],
      ['set-cookie', 'session=1; Path=/'],
    ] as [string, string][];
    stub
      .expect('*')
      .reply(
        { status: 302, headers },
        { status: 302, headers: { location: 'http://a.example/end' } },
      );
    stub.expect('GET', '/end');
    await using client = testClient(stub, { reactor, cookies: cookieJar(reactor.clock) });
    await client.get('http://a.example/');
    const cookies = stub.requests.map((request) => request.headers.get('cookie'));
    expect(cookies).toEqual([null, null, 'session=1']);
  });

  test.each([
    ['to another scheme', 'ftp://test/', {}],
    ['that is no URL', 'http://', {}],
    ['in a circle', '/', {}],
    ['where none was wanted', '/next', { redirect: 'error' }],
  ] as const)('%s is refused', async (_, location, options) => {
    await using client = redirecting(302, location);
    await expect(client.get('/', options)).rejects.toMatchObject({
      code: 'HAWSER_HTTP_REDIRECT',
      phase: 'redirect',
    });
    await client.elapse(10_000);
    expect(client.stub.requests).toHaveLength(1);
    expect(client.status.idle).toBeLessThanOrEqual(1);
  });

  test('after ten of them is refused', async () => {
    let hop = 0;
    await using client = testClient(() => {
      hop += 1;
      return new Response(null, { status: 302, headers: { location: `/${hop}` } });
    });
    await expect(client.get('/')).rejects.toMatchObject({ code: 'HAWSER_HTTP_REDIRECT' });
    expect(hop).toBe(11);
  });

  test('to itself with a new cookie is none in a circle', async () => {
    const reactor = createTestReactor();
    await using client = testClient(
      (request) =>
        request.headers.has('cookie')
          ? new Response('in')
          : new Response(null, { status: 302, headers: { location: '/', 'set-cookie': 'a=1' } }),
      { reactor, cookies: cookieJar(reactor.clock) },
    );
    expect(await (await client.get('http://a.example/')).text()).toBe('in');
  });

  test('is a response like others for who wants it', async () => {
    await using client = redirecting(302, '/next');
    const response = await client.get('/', { redirect: 'manual' });
    expect([response.status, await response.text()]).toEqual([302, 'elsewhere']);
  });

  test('cannot send a stream twice', async () => {
    async function* body(): AsyncGenerator<string> {
      yield 'a';
    }
    await using client = redirecting(307, '/next');
    await expect(client.post('/', { body: body() })).rejects.toMatchObject({
      code: 'HAWSER_HTTP_REDIRECT',
    });
    await using other = redirecting(307, '/next');
    await other.post('/', { body });
    expect(other.stub.requests.map(({ text }) => text)).toEqual(['a', 'a']);
  });
});
