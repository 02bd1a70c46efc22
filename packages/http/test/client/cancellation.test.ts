import { CancelledError } from '@hawser/core';
import { cancelAtEveryAwait } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { httpClient } from '../../src/index.ts';
import {
  PipeEndpoint,
  type StubReply,
  StubServer,
  type TestClient,
  testClient,
} from '../../testing/index.ts';
import { failureOf } from './failure-of.ts';

function asking(...replies: StubReply[]): TestClient & { readonly stub: StubServer } {
  const stub = new StubServer();
  stub.expect('*').reply(...replies);
  return Object.assign(testClient(stub), { stub });
}

describe('a request that is cancelled', () => {
  test('at any await leaves nothing behind', async () => {
    const awaits = await cancelAtEveryAwait(
      async (reactor) => {
        const stub = new StubServer();
        stub
          .expect('*')
          .reply({ status: 302, headers: { location: '/next' } }, { status: 503 })
          .always({ body: ['a', 'b'], framing: 'chunked', delayMs: 10, pieceDelayMs: 10 });
        const client = httpClient(reactor, { endpoint: new PipeEndpoint(stub) });
        try {
          const response = await client.post('http://a/', { body: 'x' });
          await response.text();
          await (await client.get('http://a/')).collect();
        } finally {
          client.abort();
        }
      },
      {
        check: ({ reactor }) =>
          expect([reactor.clock.timers, reactor.reports.problems]).toEqual([0, []]),
      },
    );
    expect(awaits).toBeGreaterThanOrEqual(4);
  });

  test('at any time ends its connection, and its upload', async () => {
    for (let at = 0; at <= 100; at += 10) {
      let closed = false;
      async function* slow(reactor: TestClient['reactor']): AsyncGenerator<string> {
        try {
          for (let piece = 0; piece < 4; piece++) {
            yield 'a';
            await new Promise<void>((done) => reactor.clock.callLater(10, done));
          }
        } finally {
          closed = true;
        }
      }
      const client = asking({ body: ['a', 'b', 'c'], delayMs: 20, pieceDelayMs: 10 });
      const text = client
        .post('/', { body: slow(client.reactor) })
        .addCallback((response) => response.text());
      await client.elapse(at);
      text.cancel('enough');
      const outcome = await text.then(
        (value) => value,
        (error: unknown) => error,
      );
      await client.elapse(10);
      expect(outcome === 'abc' || outcome instanceof CancelledError).toBe(true);
      await client.elapse(100);
      expect(closed).toBe(true);
      // A short rest may have been read, so that the connection can be used again.
      expect(client.status.connections).toBe(client.status.idle);
      await client.close();
      expect(client.reactor.clock.timers).toBe(0);
      expect(client.reactor.reports.problems).toEqual([]);
    }
  });

  test('before it began sends nothing', async () => {
    await using client = asking({});
    const reason = new Error('no');
    const asked = client.get('/', { signal: AbortSignal.abort(reason) });
    await expect(asked).rejects.toMatchObject({ code: 'HAWSER_CANCELLED', cause: reason });
    expect(client.stub.connections).toBe(0);
  });

  test('by its signal ends while it waits for the head', async () => {
    await using client = asking('silence');
    const controller = new AbortController();
    const asked = client.get('/', { signal: controller.signal });
    await client.reactor.clock.settle();
    controller.abort('changed my mind');
    await expect(asked).rejects.toMatchObject({
      code: 'HAWSER_CANCELLED',
      cause: 'changed my mind',
    });
    await client.reactor.clock.settle();
    expect(client.connections.size).toBe(0);
  });

  test('by its signal ends while its body comes', async () => {
    await using client = asking({ body: ['a', 'b'], pieceDelayMs: 1_000 });
    const controller = new AbortController();
    const response = await client.get('/', { signal: controller.signal });
    const text = response.text();
    controller.abort('changed my mind');
    await expect(text).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
    await client.reactor.clock.settle();
    expect(client.connections.size).toBe(0);
  });

  test('leaves others alone', async () => {
    await using client = asking({ body: 'a', delayMs: 10 }, 'silence');
    const kept = client.get('/1');
    const gone = client.get('/2');
    await client.elapse(5);
    gone.cancel();
    await expect(gone).rejects.toBeInstanceOf(CancelledError);
    await client.elapse(5);
    expect(await (await kept).text()).toBe('a');
  });

  test('while the answer of a redirect is thrown away ends its connection', async () => {
    const headers = { location: '/b' };
    await using client = asking({ status: 302, headers, body: ['a', 'b'], pieceDelayMs: 1_000 });
    const asked = client.get('/');
    const failed = failureOf(asked);
    await client.elapse(100);
    asked.cancel();
    expect(await failed).toBeInstanceOf(CancelledError);
    await client.elapse(0);
    expect([client.connections.size, client.stub.requests.length]).toEqual([0, 1]);
  });
});

test('a request that fails and that nobody waits for is reported', async () => {
  await using client = asking('reset');
  void client.get('/');
  await client.reactor.clock.settle();
  expect(client.reactor.reports.problems).toMatchObject([
    { where: 'http.request', error: { cause: { code: 'HAWSER_HTTP_INCOMPLETE' } } },
  ]);
});
