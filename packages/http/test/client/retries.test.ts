import { type ClientEndpoint, ConnectError, fail } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import type { RetryOptions } from '../../src/index.ts';
import {
  PipeEndpoint,
  type StubReply,
  StubServer,
  type TestClient,
  testClient,
} from '../../testing/index.ts';
import { failureOf } from './failure-of.ts';

type Asking = TestClient & { readonly stub: StubServer };

function asking(retry: RetryOptions | false, ...replies: StubReply[]): Asking {
  const stub = new StubServer();
  stub
    .expect('*')
    .reply(...replies)
    .always({ body: 'ok' });
  return Object.assign(testClient(stub, { retry }), { stub });
}

describe('a request is sent again', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'if it is %s and the connection broke',
    async (method) => {
      await using client = asking({}, 'reset');
      const asked = client.request('/', { method });
      await client.elapse(250);
      expect((await asked).status).toBe(200);
      expect(client.stub.requests).toHaveLength(2);
    },
  );

  test.each(['POST', 'PATCH'])('but not if it is %s', async (method) => {
    await using client = asking({}, 'reset');
    const asked = client.request('/', { method, body: 'x' });
    await expect(asked).rejects.toMatchObject({
      code: 'HAWSER_HTTP_INCOMPLETE',
      sent: 'something',
    });
    await client.elapse(60_000);
    expect(client.stub.requests).toHaveLength(1);
  });

  test('so often and no more, each time after a longer wait', async () => {
    await using client = asking(
      { limit: 3, initialDelayMs: 100 },
      'reset',
      'reset',
      'reset',
      'reset',
    );
    const asked = client.get('/');
    const failed = failureOf(asked);
    await client.elapse(700);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    expect(client.stub.requests).toHaveLength(4);
    const waits = client.stub.requests.map(({ at }) => at);
    const gaps = waits.slice(1).map((at, index) => at - (waits[index] ?? 0));
    for (const [index, gap] of gaps.entries()) expect(gap).toBeLessThanOrEqual(100 * 2 ** index);
    expect(Math.max(...gaps)).toBeGreaterThan(0);
  });

  test('but not when it is told so', async () => {
    await using client = asking(false, 'reset');
    await expect(client.get('/')).rejects.toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    expect(client.stub.requests).toHaveLength(1);
  });

  test('but never when the response had begun', async () => {
    const raw = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe';
    await using client = asking({}, { raw, end: 'close' });
    await expect((await client.get('/')).text()).rejects.toMatchObject({ phase: 'body' });
    await using other = asking({}, { raw: 'HTTP/1.1 nonsense\r\n\r\n' });
    await expect(other.get('/')).rejects.toMatchObject({ code: 'HAWSER_HTTP_MALFORMED' });
    await client.elapse(60_000);
    expect([client.stub.requests.length, other.stub.requests.length]).toEqual([1, 1]);
  });

  test('without a wait if its connection had been closed meanwhile', async () => {
    await using client = asking({ limit: 0 });
    await (await client.get('/')).text();
    // Closed, and the client cannot know it yet.
    for (const server of client.connections) server.abort();
    const asked = client.get('/again');
    expect(await (await asked).text()).toBe('ok');
    expect(client.reactor.clock.now()).toBe(0);
    expect((await asked).timings).toMatchObject({ attempts: 2, reused: false });
  });

  test('but not POST, which the server may have read before it closed', async () => {
    await using client = asking({});
    await (await client.get('/')).text();
    for (const server of client.connections) server.abort();
    await expect(client.post('/', { body: 'x' })).rejects.toMatchObject({ sent: 'unread' });
    await client.elapse(60_000);
    expect(client.stub.requests).toHaveLength(1);
  });

  test('if nothing of it was sent, POST as well', async () => {
    const stub = new StubServer();
    stub.expect('POST').reply({ body: 'done' });
    const pipe = new PipeEndpoint(stub);
    let refused = 1;
    const refusing: ClientEndpoint = {
      connect: (reactor, factory) =>
        refused-- > 0
          ? fail(new ConnectError('HAWSER_CONNECT', 'Cannot connect'))
          : pipe.connect(reactor, factory),
      toString: () => 'refusing:',
    };
    await using client = testClient(stub, { endpoint: refusing, retry: {} });
    const asked = client.post('/', { body: 'once' });
    await client.elapse(250);
    expect(await (await asked).text()).toBe('done');
    stub.verify();
  });

  test('but not if its body was a stream that was read', async () => {
    async function* once(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
    }
    await using client = asking({}, 'reset', 'reset');
    await expect(client.put('/', { body: once() })).rejects.toMatchObject({
      code: 'HAWSER_HTTP_INCOMPLETE',
    });
    expect(client.stub.requests).toHaveLength(1);
    const asked = client.put('/', { body: once });
    await client.elapse(250);
    expect((await asked).status).toBe(200);
    expect(client.stub.requests.map(({ text }) => text)).toEqual(['a', 'a', 'a']);
  });

  test('if the answer says that it may help', async () => {
    await using client = asking({}, { status: 503, body: 'busy' }, { status: 429 });
    const asked = client.get('/');
    await client.elapse(750);
    expect(await (await asked).text()).toBe('ok');
    expect(client.stub.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  });

  test.each([
    ['seconds', '7'],
    ['a date', 'Thu, 01 Jan 2026 00:00:07 GMT'],
  ])('when the answer says, in %s', async (_, value) => {
    await using client = asking({}, { status: 503, headers: { 'retry-after': value } });
    const asked = client.get('/');
    await client.elapse(6_999);
    expect(client.stub.requests).toHaveLength(1);
    await client.elapse(1);
    expect((await asked).status).toBe(200);
  });

  test('but not if that is too long to wait, or makes no difference', async () => {
    await using client = asking(
      { limit: 1 },
      { status: 503, headers: { 'retry-after': '61' } },
      { status: 500 },
      { status: 503, headers: { 'retry-after': '0' } },
      { status: 503, headers: { 'retry-after': '0' } },
    );
    expect((await client.get('/')).status).toBe(503);
    expect((await client.get('/')).status).toBe(500);
    const asked = client.get('/');
    await client.elapse(0);
    expect((await asked).status).toBe(503);
    expect(client.stub.requests).toHaveLength(4);
  });

  test('but not when the server asks for more time than there is', async () => {
    const headers = { 'retry-after': '9'.repeat(400) };
    await using client = asking({}, { status: 503, headers });
    expect((await client.get('/')).status).toBe(503);
    expect(client.stub.requests).toHaveLength(1);
  });

  test('but not once it was cancelled', async () => {
    await using client = asking({}, { status: 503, headers: { 'retry-after': '7' } });
    const asked = client.get('/');
    await client.elapse(1_000);
    asked.cancel();
    await expect(asked).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
    await client.elapse(60_000);
    expect(client.stub.requests).toHaveLength(1);
    expect(client.reactor.clock.timers).toBe(0);
  });

  test.each(['abort', 'close'] as const)('does not wait for its turn after %s', async (end) => {
    const stub = new StubServer();
    stub.expect('*').always({ status: 503, headers: { 'retry-after': '50' } });
    await using client = testClient(stub, { retry: {} });
    const asked = client.get('/');
    const failed = failureOf(asked);
    await client.elapse(100);
    void client[end]();
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
  });
});
