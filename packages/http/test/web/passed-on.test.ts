// A handler that gives what it got from another server.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { securityHeaders } from '../../src/middleware/security-headers.ts';
import { router } from '../../src/routing/router.ts';
import { StubServer } from '../../testing/stub-server.ts';
import { testClient } from '../../testing/test-client.ts';

const TEXT = 'a rope, a rope, a rope';
const packed = gzipSync(TEXT);

/** As `fetch` gives it: decoded, with the fields as they were sent, which nobody can change. */
function fetched(coding: string, body: string | Uint8Array): Response {
  const headers = new Headers({
    'content-encoding': coding,
    'content-length': String(packed.length),
    'content-type': 'text/plain',
  });
  const closed = new Proxy(headers, {
    get(of, key) {
      if (key === 'set' || key === 'append' || key === 'delete') throw new TypeError('immutable');
      const value: unknown = Reflect.get(of, key, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
  const response = new Response(body);
  Object.defineProperty(response, 'url', { value: 'http://backend.test/' });
  return Object.defineProperty(response, 'headers', { value: closed });
}

async function pass(answer: () => Response | PromiseLike<Response>, inRouter: boolean) {
  const handler = async () => answer();
  const app = inRouter ? router().use(securityHeaders()).get('/', handler) : handler;
  await using client = testClient(app);
  const response = await client.get('/', { decompress: false });
  const bytes = await response.collect();
  expect(client.reactor.reports.problems).toEqual([]);
  return { coding: response.headers.get('content-encoding'), bytes, text: bytes.toString() };
}

describe.each([
  ['alone', false],
  ['within middleware that edits headers', true],
])('an answer of another server, %s', (_what, inRouter) => {
  function backend(decompress: boolean): Promise<Response> {
    const stub = new StubServer();
    const headers = { 'content-encoding': 'gzip', 'content-type': 'text/plain' };
    stub.expect('GET', '/').reply({ headers, body: packed });
    return Promise.resolve(testClient(stub, { decompress }).get('/'));
  }

  test('that the client has decoded does not say that it is packed', async () => {
    const { coding, text } = await pass(() => backend(true), inRouter);
    expect([coding, text]).toEqual([null, TEXT]);
  });

  test('that was the last on its connection is not the last on this one', async () => {
    const stub = new StubServer();
    const headers = { connection: 'close' };
    stub.expect('GET', '/').reply({ headers, body: TEXT });
    const handler = async () => testClient(stub).get('/');
    const app = inRouter ? router().use(securityHeaders()).get('/', handler) : handler;
    await using client = testClient(app);
    const response = await client.get('/');
    expect(await response.text()).toBe(TEXT);
    expect(response.headers.get('connection')).toBe(null);
  });

  test('that the client has left as it was is passed on like that', async () => {
    const { coding, bytes } = await pass(() => backend(false), inRouter);
    expect([coding, bytes.equals(packed)]).toEqual(['gzip', true]);
  });

  test.each(['gzip', 'GZIP', 'br', 'deflate, gzip'])('of fetch, in %s', async (given) => {
    const { coding, text } = await pass(() => fetched(given, TEXT), inRouter);
    expect([coding, text]).toEqual([null, TEXT]);
  });

  test('of fetch in a coding that it leaves alone', async () => {
    const { coding, bytes } = await pass(() => fetched('compress', packed), inRouter);
    expect([coding, bytes.equals(packed)]).toEqual(['compress', true]);
  });
});
