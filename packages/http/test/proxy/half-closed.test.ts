// A peer that ends its side after its request, as netcat and health checks do, and waits for the answer.
import { BaseProtocol, type Transport } from '@hawser/core';
import { connectPipe, createTestReactor, type TestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import {
  http,
  httpClient,
  type ReverseProxyOptions,
  reverseProxy,
  timeLimit,
} from '../../src/index.ts';
import { PipeEndpoint, type StubReply, StubServer } from '../../testing/index.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

class Peer extends BaseProtocol {
  heard = '';
  lost: string | undefined;
  dataReceived(data: Buffer): void {
    this.heard += data.toString('latin1');
  }
  override connectionLost(reason: { readonly kind: string }): void {
    this.lost = reason.kind;
  }
}

interface World {
  readonly reactor: TestReactor;
  readonly peer: Peer;
  readonly transport: Transport;
  readonly stub: StubServer;
}

/** Sends a request through a proxy and ends its side. */
function half(
  reply: StubReply,
  options: ReverseProxyOptions & { readonly limitMs?: number } = {},
): World {
  const { limitMs, ...proxy } = options;
  const stub = new StubServer();
  stub.expect('*').always(reply);
  const reactor = createTestReactor();
  const client = httpClient(reactor, { endpoint: new PipeEndpoint(stub) });
  const inner = reverseProxy('http://app', { client, ...proxy });
  const limit = limitMs === undefined ? undefined : timeLimit(limitMs, { status: 504 });
  const app = http((request, context) =>
    limit ? limit(request, () => inner(request, context), context) : inner(request, context),
  );
  const peer = new Peer();
  const { client: transport } = connectPipe(reactor, app, () => peer, {});
  transport.write(Buffer.from('GET /x HTTP/1.1\r\nHost: a\r\n\r\n'));
  transport.end();
  return { reactor, peer, transport, stub };
}

async function over({ reactor, stub, transport }: World): Promise<void> {
  transport.abort();
  await reactor.clock.elapse(20_000);
  expect(reactor.reports.problems).toEqual([]);
  expect(stub.open).toBe(0);
}

test('an answer that comes at once is relayed', async () => {
  const world = half({ body: 'ok' });
  await world.reactor.clock.elapse(10);
  expect(world.peer.heard).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nok$/);
  expect(world.peer.lost).toBe('done');
  await over(world);
});

test('an answer that comes later, in pieces, is relayed for as long as none of them is late', async () => {
  const world = half(
    { delayMs: 8_000, body: ['one ', 'two ', 'three'], pieceDelayMs: 1_500 },
    { halfClosedMs: 10_000 },
  );
  await world.reactor.clock.elapse(12_000);
  expect(world.peer.heard).toMatch(/one two three$/);
  await over(world);
});

test('a server that stays silent is not waited for long, as the peer may have left', async () => {
  const world = half('silence', { halfClosedMs: 5_000 });
  await world.reactor.clock.elapse(4_999);
  expect([world.stub.open, world.peer.heard]).toEqual([1, '']);
  await world.reactor.clock.elapse(1);
  expect(world.stub.open).toBe(0);
  expect(world.peer.heard).toMatch(/^HTTP\/1\.1 504 /);
  await over(world);
});

test('nor is one that falls silent in the middle: the answer is cut', async () => {
  const world = half({ body: ['one', 'two'], pieceDelayMs: 60_000, framing: 'chunked' });
  await world.reactor.clock.elapse(5_000);
  expect(world.peer.heard).toMatch(/one/);
  expect(world.peer.heard).not.toMatch(/\r\n0\r\n/);
  expect([world.peer.lost, world.stub.open]).toEqual(['reset', 0]);
  await over(world);
});

test('interim responses are words as well', async () => {
  const raw = ['HTTP/1.1 103 Early\r\n\r\n', 'HTTP/1.1 103 Early\r\n\r\n', OK];
  const world = half({ raw, pieceDelayMs: 4_000 }, { halfClosedMs: 5_000 });
  await world.reactor.clock.elapse(8_000);
  expect(world.peer.heard).toMatch(/^HTTP\/1\.1 103 [^]*HTTP\/1\.1 103 [^]*HTTP\/1\.1 200 [^]*ok$/);
  await over(world);
});

test('with 0 it counts as having left', async () => {
  const world = half('silence', { halfClosedMs: 0 });
  await world.reactor.clock.elapse(1);
  expect(world.stub.open).toBe(0);
  await over(world);
});

test('the limits that are in front of the proxy and behind it hold', async () => {
  for (const options of [{ timeouts: { headMs: 1_000 } }, { limitMs: 1_000 }]) {
    const world = half('silence', options);
    await world.reactor.clock.elapse(1_000);
    expect(world.peer.heard).toMatch(/^HTTP\/1\.1 504 /);
    await over(world);
  }
});

test('a time limit ends the request to the server at once, if the peer is still whole', async () => {
  const stub = new StubServer();
  stub.expect('*').always('silence');
  const reactor = createTestReactor();
  const client = httpClient(reactor, { endpoint: new PipeEndpoint(stub) });
  const inner = reverseProxy('http://app', { client });
  const limit = timeLimit(1_000);
  const peer = new Peer();
  const { client: transport } = connectPipe(
    reactor,
    http((request, context) => limit(request, () => inner(request, context), context)),
    () => peer,
    {},
  );
  transport.write(Buffer.from('GET /x HTTP/1.1\r\nHost: a\r\n\r\n'));
  await reactor.clock.elapse(1_000);
  expect([peer.heard.slice(0, 12), stub.open]).toEqual(['HTTP/1.1 503', 0]);
  transport.abort();
  await reactor.clock.settle();
});
