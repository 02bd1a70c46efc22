import { type ClientEndpoint, Deferred } from '@hawser/core';
import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { httpClient, type RequestTimeouts } from '../../src/index.ts';
import { type StubReply, StubServer, type TestClient, testClient } from '../../testing/index.ts';
import { failureOf } from './failure-of.ts';

function asking(timeouts: RequestTimeouts, reply: StubReply): TestClient {
  const stub = new StubServer();
  stub.expect('*').always(reply);
  return testClient(stub, { timeouts });
}

describe('a request ends with a timeout', () => {
  test('when no connection is made', async () => {
    const reactor = createTestReactor();
    let cancelled = 0;
    const never: ClientEndpoint = {
      connect: () => new Deferred({ canceller: () => (cancelled += 1) }),
      toString: () => 'never:',
    };
    const client = httpClient(reactor, { endpoint: never, retry: false });
    const asked = client.get('http://a/');
    const failed = failureOf(asked);
    await reactor.clock.elapse(9_999);
    expect(asked.peek().state).toBe('pending');
    await reactor.clock.elapse(1);
    expect(await failed).toMatchObject({
      code: 'HAWSER_CONNECT_TIMEOUT',
      phase: 'connect',
      sent: 'nothing',
    });
    expect(cancelled).toBe(1);
    await client.close();
    expect(reactor.clock.timers).toBe(0);
  });

  test('when the server does not answer', async () => {
    await using client = asking({ headMs: 2_000 }, 'silence');
    const asked = client.post('/', { body: 'x' });
    const failed = failureOf(asked);
    await client.elapse(1_999);
    expect(asked.peek().state).toBe('pending');
    await client.elapse(1);
    expect(await failed).toMatchObject({
      code: 'HAWSER_HTTP_TIMEOUT',
      phase: 'head',
    });
    expect(client.connections.size).toBe(0);
  });

  test('when the server does not answer what filled the queue of the connection', async () => {
    await using client = asking({ headMs: 2_000 }, 'silence');
    const asked = client.post('/', { body: 'x'.repeat(65_536) });
    const failed = failureOf(asked);
    await client.elapse(2_000);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT', phase: 'head' });
  });

  test('when the server only announces an answer, again and again', async () => {
    const raw = Array.from({ length: 9 }, () => 'HTTP/1.1 103 Early Hints\r\n\r\n');
    await using client = asking({ headMs: 2_000 }, { raw, pieceDelayMs: 900 });
    const asked = client.get('/');
    const failed = failureOf(asked);
    await client.elapse(2_000);
    expect(asked.peek().state).toBe('rejected');
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT', phase: 'head' });
  });

  test('when the body stops', async () => {
    const body = ['a', 'b', 'c'];
    await using client = asking({ bodyIdleMs: 2_000 }, { body, pieceDelayMs: 1_900 });
    const slow = await client.get('/');
    const text = slow.text();
    await client.elapse(4_000);
    expect(await text).toBe('abc');
    await using other = asking({ bodyIdleMs: 1_000 }, { body, pieceDelayMs: 1_900 });
    const failed = failureOf((await other.get('/')).text());
    await other.elapse(1_000);
    expect(await failed).toMatchObject({
      code: 'HAWSER_HTTP_TIMEOUT',
      phase: 'body',
    });
    expect(other.connections.size).toBe(0);
  });

  test('but not when it is the reader who rests', async () => {
    const body = ['a'.repeat(100_000), 'b'.repeat(100_000)];
    await using client = asking({ bodyIdleMs: 1_000 }, { body });
    const reader = (await client.get('/')).stream.getReader();
    let size = (await reader.read()).value?.length ?? 0;
    await client.elapse(100_000);
    for (let next = await reader.read(); !next.done; next = await reader.read())
      size += next.value.length;
    expect(size).toBe(200_000);
  });

  test('when the server takes nothing of the body', async () => {
    const client = testClient(
      {
        name: 'deaf',
        buildProtocol: () => ({
          connectionMade: (transport) => transport.pauseReading(),
          dataReceived: () => undefined,
        }),
      },
      { timeouts: { bodyIdleMs: 3_000, headMs: 1_000 } },
    );
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        taken += 10_000;
        yield new Uint8Array(10_000);
      }
    }
    const asked = client.post('/', { body: endless() });
    const failed = failureOf(asked);
    await client.elapse(2_999);
    expect(asked.peek().state).toBe('pending');
    expect(taken).toBeLessThan(500_000);
    await client.elapse(1);
    expect(await failed).toMatchObject({
      code: 'HAWSER_HTTP_TIMEOUT',
      phase: 'send',
    });
    await client.close();
    expect(client.reactor.clock.timers).toBe(0);
  });

  test('when all of it takes too long, whatever it waits for', async () => {
    await using client = asking({ totalMs: 5_000 }, 'silence');
    const head = failureOf(client.get('/'));
    await client.elapse(5_000);
    expect(await head).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT' });
    const body = ['a', 'b', 'c', 'd'];
    await using other = asking({ totalMs: 5_000 }, { body, pieceDelayMs: 2_000 });
    const response = await other.get('/');
    const failed = failureOf(response.text());
    await other.elapse(5_000);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT' });
    await other.reactor.clock.settle();
    expect(other.connections.size).toBe(0);
  });

  test('of the caller, as for any deferred', async () => {
    await using client = asking({}, 'silence');
    const asked = client.get('/').timeout(300, client.reactor.clock);
    const failed = failureOf(asked);
    await client.elapse(300);
    expect(await failed).toMatchObject({ code: 'HAWSER_TIMEOUT' });
    expect(client.connections.size).toBe(0);
  });

  test('and leaves no timer behind when it does not', async () => {
    const client = asking({ totalMs: 5_000, headMs: 1_000, bodyIdleMs: 1_000 }, { body: 'a' });
    expect(await (await client.get('/')).text()).toBe('a');
    await client.close();
    expect(client.reactor.clock.timers).toBe(0);
  });
});
