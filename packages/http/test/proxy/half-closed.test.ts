// A peer that ends its side after its request, as netcat and health checks do, and waits for the answer.
import { expect, test } from 'vitest';
import { type HttpHandler, timeLimit } from '../../src/index.ts';
import type { StubReply } from '../../testing/index.ts';
import { type ProxyWorld, type ProxyWorldOptions, proxyWorld, stubbing } from './proxy-world.ts';

const REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Sends a request through a proxy and ends its side. */
function half(reply: StubReply, options: ProxyWorldOptions = {}): ProxyWorld {
  const world = proxyWorld(stubbing(reply), options);
  world.peer.send(REQUEST);
  world.transport.end();
  return world;
}

function limited(ms: number): (proxy: HttpHandler) => HttpHandler {
  const limit = timeLimit(ms, { status: 504 });
  return (proxy) => (request, context) => limit(request, () => proxy(request, context), context);
}

test('an answer that comes at once is relayed', async () => {
  const world = half({ body: 'ok' });
  await world.reactor.clock.elapse(10);
  expect(world.peer.received).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nok$/);
  expect((await world.peer.lost).kind).toBe('done');
  await world.over();
});

test('an answer that comes later, in pieces, is relayed for as long as none of them is late', async () => {
  const world = half(
    { delayMs: 8_000, body: ['one ', 'two ', 'three'], pieceDelayMs: 1_500 },
    { halfClosedMs: 10_000 },
  );
  await world.reactor.clock.elapse(12_000);
  expect(world.peer.received).toMatch(/one two three$/);
  await world.over();
});

test('a server that stays silent is not waited for long, as the peer may have left', async () => {
  const world = half('silence', { halfClosedMs: 5_000 });
  await world.reactor.clock.elapse(4_999);
  expect([world.behind.servers.size, world.peer.received]).toEqual([1, '']);
  await world.reactor.clock.elapse(1);
  expect(world.behind.servers.size).toBe(0);
  expect(world.peer.received).toMatch(/^HTTP\/1\.1 504 /);
  await world.over();
});

test('nor is one that falls silent in the middle: the answer is cut', async () => {
  const world = half({ body: ['one', 'two'], pieceDelayMs: 60_000, framing: 'chunked' });
  await world.reactor.clock.elapse(5_000);
  expect(world.peer.received).toMatch(/one/);
  expect(world.peer.received).not.toMatch(/\r\n0\r\n/);
  expect((await world.peer.lost).kind).toBe('reset');
  expect(world.behind.servers.size).toBe(0);
  await world.over();
});

test('interim responses are words as well', async () => {
  const raw = ['HTTP/1.1 103 Early\r\n\r\n', 'HTTP/1.1 103 Early\r\n\r\n', OK];
  const world = half({ raw, pieceDelayMs: 4_000 }, { halfClosedMs: 5_000 });
  await world.reactor.clock.elapse(8_000);
  expect(world.peer.received).toMatch(
    /^HTTP\/1\.1 103 [^]*HTTP\/1\.1 103 [^]*HTTP\/1\.1 200 [^]*ok$/,
  );
  await world.over();
});

test('each of several requests has its own time', async () => {
  const world = proxyWorld(stubbing({ delayMs: 4_000, body: 'ok' }), { halfClosedMs: 5_000 });
  world.peer.send(REQUEST.repeat(3));
  world.transport.end();
  await world.reactor.clock.elapse(13_000);
  expect(world.peer.received.match(/\r\n\r\nok/g)).toHaveLength(3);
  expect((await world.peer.lost).kind).toBe('done');
  await world.over();
});

test('a late one of several requests is given up by itself', async () => {
  const stub = stubbing('silence');
  const world = proxyWorld(stub, { halfClosedMs: 5_000 });
  world.peer.send(REQUEST.repeat(3));
  world.transport.end();
  await world.reactor.clock.elapse(20_000);
  expect(world.peer.received.match(/HTTP\/1\.1 504 /g)?.length).toBeGreaterThan(0);
  expect((await world.peer.lost).kind).toBe('done');
  await world.over();
});

test('with 0 it counts as having left', async () => {
  const world = half('silence', { halfClosedMs: 0 });
  await world.reactor.clock.elapse(1);
  expect(world.behind.servers.size).toBe(0);
  await world.over();
});

test('the limits that are in front of the proxy and behind it hold', async () => {
  for (const options of [{ timeouts: { headMs: 1_000 } }, { around: limited(1_000) }]) {
    const world = half('silence', options);
    await world.reactor.clock.elapse(1_000);
    expect(world.peer.received).toMatch(/^HTTP\/1\.1 504 /);
    await world.over();
  }
});

test('a time limit ends the request to the server at once, if the peer is still whole', async () => {
  const world = proxyWorld(stubbing('silence'), { around: limited(1_000) });
  world.peer.send(REQUEST);
  await world.reactor.clock.elapse(1_000);
  expect([world.peer.received.slice(0, 12), world.behind.servers.size]).toEqual([
    'HTTP/1.1 504',
    0,
  ]);
  await world.over();
});
