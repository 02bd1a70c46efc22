import type { Deferred, Transport } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import type { ClientResponse, HttpClientOptions } from '../../src/index.ts';
import { type StubReply, StubServer, type TestClient, testClient } from '../../testing/index.ts';
import { failureOf } from './failure-of.ts';

type Asking = TestClient & { readonly stub: StubServer };

function asking(options: HttpClientOptions, ...replies: StubReply[]): Asking {
  const stub = new StubServer();
  stub
    .expect('*')
    .reply(...replies)
    .always({ body: 'ok' });
  return Object.assign(testClient(stub, options), { stub });
}

const textOf = async (asked: Deferred<ClientResponse>): Promise<string> => (await asked).text();
const connections = ({ stub }: Asking): number[] =>
  stub.requests.map(({ connection }) => connection);

describe('connections', () => {
  test('are used again, the last one first', async () => {
    await using client = asking({});
    await Promise.all([
      textOf(client.get('/a')),
      textOf(client.get('/b')),
      textOf(client.get('/c')),
    ]);
    expect(connections(client)).toEqual([1, 2, 3]);
    expect(client.status).toEqual({ origins: 1, connections: 3, idle: 3, waiting: 0 });
    await textOf(client.get('/d'));
    await textOf(client.get('/e'));
    expect(connections(client).slice(3)).toEqual([3, 3]);
  });

  test('to one origin are limited, and requests wait in their order', async () => {
    const pool = { maxConnectionsPerOrigin: 2 };
    await using client = asking({ pool });
    const all = Array.from({ length: 7 }, (_, at) => textOf(client.get(`/${at}`)));
    expect(client.status).toMatchObject({ connections: 2, waiting: 5 });
    await Promise.all(all);
    expect(client.stub.requests.map(({ target }) => target)).toEqual(
      Array.from('0123456', (at) => `/${at}`),
    );
    expect(client.stub.connections).toBe(2);
  });

  test('in all are limited: what is idle elsewhere makes room', async () => {
    await using client = asking({ pool: { maxConnections: 2 } });
    await textOf(client.get('http://a/'));
    await textOf(client.get('http://b/'));
    expect(client.status).toMatchObject({ origins: 2, connections: 2 });
    await textOf(client.get('http://c/'));
    expect(client.status).toMatchObject({ origins: 2, connections: 2 });
    await textOf(client.get('http://b/'));
    expect(connections(client)).toEqual([1, 2, 3, 2]);
  });

  test('in all are limited: whoever waits gets the place of what becomes idle elsewhere', async () => {
    await using client = asking({ pool: { maxConnections: 1 } }, { delayMs: 1_000, body: 'slow' });
    const slow = textOf(client.get('http://a/'));
    const others = ['http://b/', 'http://c/', 'http://b/'].map((url) => textOf(client.get(url)));
    await client.reactor.clock.settle();
    expect(client.stub.connections).toBe(1);
    await client.elapse(1_000);
    expect(await Promise.all([slow, ...others])).toEqual(['slow', 'ok', 'ok', 'ok']);
    expect(client.reactor.clock.now()).toBe(1_000);
  });

  test('of another origin are not used', async () => {
    await using client = asking({});
    for (const url of ['http://a/', 'http://b/', 'http://a:81/', 'http://a/']) {
      await textOf(client.get(url));
    }
    expect(connections(client)).toEqual([1, 2, 3, 1]);
  });

  test('that nothing happens on are ended', async () => {
    await using client = asking({ pool: { idleMs: 4_000 } });
    await textOf(client.get('/'));
    await client.elapse(3_999);
    expect(client.status.idle).toBe(1);
    await textOf(client.get('/'));
    await client.elapse(3_999);
    expect(client.status.idle).toBe(1);
    await client.elapse(1);
    expect(client.status).toMatchObject({ origins: 0, connections: 0 });
    expect(client.stub.connections).toBe(1);
  });

  test('are ended before the server, where that tells how long it waits', async () => {
    const headers = { 'keep-alive': 'timeout=3, max=100' };
    await using client = asking({ pool: { idleMs: 60_000 } }, { headers });
    await textOf(client.get('/'));
    await client.elapse(1_999);
    expect(client.status.idle).toBe(1);
    await client.elapse(1);
    expect(client.status.idle).toBe(0);
  });

  test('are not used for more requests than the server takes', async () => {
    await using client = asking({}, { headers: { 'keep-alive': 'max=1' }, body: 'a' });
    for (const _ of [1, 2, 3]) await textOf(client.get('/'));
    expect(connections(client)).toEqual([1, 1, 2]);
  });

  test('have a longest life', async () => {
    await using client = asking({ pool: { lifetimeMs: 5_000, idleMs: 4_000 } });
    for (const _ of [1, 2]) {
      await textOf(client.get('/'));
      await client.elapse(3_000);
    }
    await textOf(client.get('/'));
    expect(connections(client)).toEqual([1, 1, 2]);
  });

  test('end after a response that says so', async () => {
    await using client = asking({}, { headers: { connection: 'close' }, body: 'a', end: 'close' });
    await textOf(client.get('/'));
    await textOf(client.get('/'));
    expect(connections(client)).toEqual([1, 2]);
  });

  test('end after a request that says so', async () => {
    await using client = asking({});
    await textOf(client.get('/', { headers: { connection: 'close' } }));
    expect(client.stub.requests[0]?.headers.get('connection')).toBe('close');
    await client.reactor.clock.settle();
    expect(client.connections.size).toBe(0);
  });

  test.each(['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nXX', 'X', '\r\n'])(
    'on which %j comes behind a response carry no further request',
    async (more) => {
      const raw = `HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na${more}`;
      await using client = asking({}, { raw });
      expect(await textOf(client.get('/1'))).toBe('a');
      expect(await textOf(client.get('/2'))).toBe('ok');
      expect(connections(client)).toEqual([1, 2]);
    },
  );

  test('on which something comes while nobody asks are dropped', async () => {
    await using client = asking({});
    await textOf(client.get('/'));
    const [server] = client.connections as Set<Transport>;
    server?.write(Buffer.from('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n'));
    await client.reactor.clock.settle();
    expect(client.status.connections).toBe(0);
    expect(await textOf(client.get('/'))).toBe('ok');
  });

  test('whose response was not read to its end carry no other request', async () => {
    await using client = asking(
      {},
      { body: ['a'.repeat(10), 'b'.repeat(10)], pieceDelayMs: 1_000 },
    );
    const first = await client.get('/1');
    expect(await textOf(client.get('/2'))).toBe('ok');
    expect(connections(client)).toEqual([1, 2]);
    first.discard();
    await client.elapse(1_000);
    // The rest was short: it is read, and the connection is good again.
    expect(client.status.idle).toBe(2);
  });

  test('whose response is given up are closed if the rest is long', async () => {
    const replies: StubReply[] = [
      { body: 'x'.repeat(70_000) },
      { body: ['x'.repeat(40_000), 'x'.repeat(40_000)], framing: 'chunked' },
      { body: ['x', 'x'], framing: 'chunked', pieceDelayMs: 10_000 },
    ];
    await using client = asking({}, ...replies);
    for (const _ of replies) {
      (await client.get('/')).discard();
      await client.elapse(3_000);
      expect(client.status.connections).toBe(0);
    }
  });

  test('whose response nobody reads are ended after a minute', async () => {
    await using client = asking({}, { body: 'x'.repeat(1_000_000) });
    const response = await client.get('/');
    await client.elapse(60_000);
    expect(client.status.connections).toBe(0);
    await expect(response.text()).rejects.toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT' });
  });

  test('that the server closes while they wait are not used', async () => {
    await using client = asking({});
    await textOf(client.get('/'));
    for (const server of client.connections) server.close();
    await client.reactor.clock.settle();
    expect(client.status.connections).toBe(0);
    expect(await textOf(client.get('/'))).toBe('ok');
  });
});

describe('the queue', () => {
  const pool = { maxConnectionsPerOrigin: 1, maxQueued: 2, queueMs: 5_000 };

  test('is bounded', async () => {
    await using client = asking({ pool });
    const waiting = ['/1', '/2', '/3'].map((path) => textOf(client.get(path)));
    await expect(client.get('/4')).rejects.toMatchObject({
      code: 'HAWSER_HTTP_QUEUE_FULL',
      phase: 'queue',
      sent: 'nothing',
    });
    expect(await Promise.all(waiting)).toEqual(['ok', 'ok', 'ok']);
  });

  test('is left after a while', async () => {
    await using client = asking({ pool }, { delayMs: 20_000, body: 'slow' });
    const slow = textOf(client.get('/1'));
    await client.reactor.clock.settle();
    const late = failureOf(client.get('/2'));
    await client.elapse(5_000);
    expect(await late).toMatchObject({
      code: 'HAWSER_HTTP_TIMEOUT',
      phase: 'queue',
    });
    await client.elapse(15_000);
    expect(await slow).toBe('slow');
    expect(client.stub.requests).toHaveLength(1);
  });

  test('can be left at any time', async () => {
    await using client = asking({ pool }, { delayMs: 1_000, body: 'slow' });
    const slow = textOf(client.get('/1'));
    const gone = client.get('/2');
    gone.cancel('not needed');
    await expect(gone).rejects.toMatchObject({ code: 'HAWSER_CANCELLED', cause: 'not needed' });
    await client.elapse(1_000);
    expect(await slow).toBe('slow');
    expect(client.stub.requests).toHaveLength(1);
  });
});

describe('close', () => {
  test('lets go of what is idle, and refuses what comes', async () => {
    const client = asking({});
    await textOf(client.get('/'));
    await client.close();
    expect(client.connections.size).toBe(0);
    await expect(client.get('/')).rejects.toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
    expect(client.reactor.clock.timers).toBe(0);
  });

  test('waits for what is under way, bodies included', async () => {
    const client = asking({}, { body: ['a', 'b'], delayMs: 100, pieceDelayMs: 100 });
    const text = textOf(client.get('/'));
    await client.elapse(150);
    let closed = false;
    void client.close().addCallback(() => {
      closed = true;
    });
    await client.elapse(49);
    expect(closed).toBe(false);
    await client.elapse(1);
    expect(await text).toBe('ab');
    expect(closed).toBe(true);
    expect(client.reactor.clock.timers).toBe(0);
  });

  test('aborts what takes too long', async () => {
    const client = asking({}, 'silence');
    const asked = failureOf(client.get('/'));
    const closing = client.close({ deadlineMs: 500 });
    await client.elapse(500);
    expect(await asked).toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
    await closing;
    expect(client.connections.size).toBe(0);
    expect(client.reactor.clock.timers).toBe(0);
  });
});
