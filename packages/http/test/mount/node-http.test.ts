import { createServer, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeWorld } from '@hawser/core/testing';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeHttp } from '../../src/index.ts';
import { RawClient } from '../raw-client.ts';
import { ask, exchange } from './mount-world.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
function world(): ReturnType<typeof pipeWorld> {
  const made = pipeWorld();
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

describe("node's own engine", () => {
  test.each([
    ['a listener', () => nodeHttp((_, response) => void response.end('hello'))],
    [
      'an Express app',
      () => nodeHttp(express().get('/', (_, response) => void response.send('hello'))),
    ],
    ['a server', () => nodeHttp(createServer((_, response) => void response.end('hello')))],
    [
      'an app with routing',
      () => nodeHttp({ routing: (_, response) => void response.end('hello') }),
    ],
  ])('serves %s', async (_, make) => {
    const { seen, closed } = await exchange(world(), make(), [ask('GET /'), ask('GET /')]);
    expect(seen).toMatchObject([
      { status: 200, body: 'hello' },
      { status: 200, body: 'hello' },
    ]);
    expect(closed).toBe(false);
  });

  test('closes an idle connection when the process stops', async () => {
    const place = world();
    let lost = false;
    await place.connect(
      nodeHttp((_, response) => void response.end('a')),
      {
        connectionMade: (transport) => void transport.write(Buffer.from(ask('GET /'))),
        dataReceived: () => undefined,
        connectionLost: () => {
          lost = true;
        },
      },
    );
    await place.elapse(10);
    expect(lost).toBe(false);
    place.drain();
    await place.elapse(10);
    expect(lost).toBe(true);
  });

  test('ends what is open first, and says that it is the last', async () => {
    const place = world();
    const held: ServerResponse[] = [];
    const chunks: Buffer[] = [];
    let lost = false;
    await place.connect(
      nodeHttp((_, response) => void held.push(response)),
      {
        connectionMade: (transport) => void transport.write(Buffer.from(ask('GET /'))),
        dataReceived: (chunk) => void chunks.push(chunk),
        connectionLost: () => {
          lost = true;
        },
      },
    );
    await place.elapse(10);
    place.drain();
    await place.elapse(10);
    expect(lost).toBe(false);
    held[0]?.end('bye');
    await place.elapse(10);
    expect(Buffer.concat(chunks).toString()).toMatch(/connection: close\r\n.*bye$/is);
    expect(lost).toBe(true);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['rejects', () => Promise.reject(new Error('oops'))],
  ])('loses one connection by a listener that %s, and the process goes on', async (_, listener) => {
    const place = world();
    const factory = nodeHttp(listener);
    for (let nth = 0; nth < 2; nth++) {
      const { seen, closed } = await exchange(place, factory, [ask('GET /')]);
      expect(seen).toEqual([]);
      expect(closed).toBe(true);
    }
    expect(place.reports.problems).toHaveLength(2);
  });

  test('gives upgrades to the server that was given', async () => {
    const place = world();
    const server = createServer();
    server.on('upgrade', (request, socket) => {
      socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${request.url}`);
    });
    const chunks: Buffer[] = [];
    await place.connect(nodeHttp(server), {
      connectionMade(transport) {
        const fields = { Connection: 'Upgrade', Upgrade: 'echo' };
        transport.write(Buffer.from(ask('GET /up', fields)));
      },
      dataReceived: (chunk) => void chunks.push(chunk),
    });
    await place.elapse(10);
    expect(Buffer.concat(chunks).toString()).toMatch(/\r\n\r\n\/up$/);
  });

  test.each(['h2c', 'websocket'])(
    'answers who would rather speak %s as any other, where nobody takes upgrades',
    async (protocol) => {
      const app = nodeHttp((_, response) => void response.end('hello'));
      const fields = { Connection: 'Upgrade', Upgrade: protocol };
      const { seen } = await exchange(world(), app, [ask('GET /', fields), ask('GET /')]);
      expect(seen).toMatchObject([
        { status: 200, body: 'hello' },
        { status: 200, body: 'hello' },
      ]);
    },
  );

  test('gives upgrades to whoever takes them, for as long as anybody does, on several ports', async () => {
    const server = createServer((_, response) => void response.end('hello'));
    const ports = [nodeHttp(server), nodeHttp(server)];
    const taking = (_: unknown, socket: Duplex): void => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    };
    const statuses: unknown[] = [];
    const look = async (): Promise<void> => {
      for (const port of ports) {
        const peer = new RawClient();
        const place = world();
        await place.connect(port, peer);
        peer.send(ask('GET /', { Connection: 'Upgrade', Upgrade: 'echo' }));
        await place.elapse(10);
        statuses.push(peer.received.slice(9, 12));
        place.drain();
        await place.elapse(10);
        expect(peer.isLost).toBe(true);
      }
    };
    await look();
    server.on('upgrade', taking);
    await look();
    server.off('upgrade', taking);
    await look();
    expect(statuses).toEqual(['200', '200', '101', '101', '200', '200']);
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  test('serves several ports with one server: refuses on each, and ends with the last', async () => {
    const server = createServer((_, response) => void response.end('hello'));
    const [first, second] = [nodeHttp(server), nodeHttp(server)];
    for (const port of [first, second]) port.started?.(undefined as never);
    const peers: RawClient[] = [];
    for (const port of [first, second]) {
      const peer = new RawClient();
      const place = world();
      await place.connect(port, peer);
      peer.send('NOT HTTP\r\n\r\n');
      await place.elapse(10);
      expect(peer.received).toMatch(/^HTTP\/1\.1 400 /);
      expect(peer.isLost).toBe(true);
      peers.push(peer);
    }
    const place = world();
    const kept = new RawClient();
    await place.connect(second, kept);
    kept.send(ask('GET /'));
    await place.elapse(10);
    first.stopped?.(undefined as never);
    await place.elapse(10);
    expect(kept.isLost).toBe(false);
    second.stopped?.(undefined as never);
    await place.elapse(10);
    expect(kept.isLost).toBe(true);
  });

  test('ends an upgraded connection when the process stops', async () => {
    const place = world();
    const server = createServer();
    server.on('upgrade', (_, socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    const peer = new RawClient();
    await place.connect(nodeHttp(server), peer);
    peer.send(ask('GET /up', { Connection: 'Upgrade', Upgrade: 'echo' }));
    await place.elapse(10);
    expect(peer.received).toMatch(/^HTTP\/1\.1 101 /);
    place.drain();
    await place.elapse(10);
    expect(peer.isLost).toBe(true);
  });

  test('ends a connection on which nothing is asked for, on the clock of the reactor', async () => {
    const place = world();
    const peer = new RawClient();
    const options = { keepAliveTimeoutMs: 3_000 };
    await place.connect(
      nodeHttp((_, response) => void response.end('a'), options),
      peer,
    );
    peer.send(ask('GET /'));
    await place.elapse(2_999);
    peer.send(ask('GET /'));
    await place.elapse(2_999);
    expect(peer.isLost).toBe(false);
    // Node gives a second more, for a request that is on its way.
    await place.elapse(1_100);
    expect(peer.isLost).toBe(true);
  });

  test('answers a peer that has ended its side', async () => {
    const place = world();
    const peer = new RawClient();
    await place.connect(
      nodeHttp((_, response) => {
        place.reactor.clock.callLater(100, () => response.end('waited'));
      }),
      peer,
    );
    peer.send(ask('GET /'));
    peer.transport.end();
    await place.elapse(200);
    expect(peer.received).toMatch(/\r\n\r\nwaited$/);
    expect(peer.isLost).toBe(true);
  });

  test.each([
    ['what is no HTTP', 'hello\r\n\r\n', 400],
    ['a head that is too long', `GET / HTTP/1.1\r\nX: ${'a'.repeat(2_000)}\r\n\r\n`, 431],
    ['two framings', ask('POST /', { 'Content-Length': '1', 'Transfer-Encoding': 'chunked' }), 400],
  ])('refuses %s', async (_, text, status) => {
    const place = world();
    const peer = new RawClient();
    await place.connect(
      nodeHttp((__, response) => void response.end('a'), { maxHeadBytes: 1_000 }),
      peer,
    );
    peer.send(text);
    await place.elapse(10);
    expect(peer.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(peer.isLost).toBe(true);
    expect(place.reports.problems).toEqual([]);
  });

  test('goes on when a peer leaves in the middle of its request, or of its answer', async () => {
    const place = world();
    const log: string[] = [];
    const factory = nodeHttp((request, response) => {
      request.on('error', () => log.push('request error'));
      response.on('close', () => log.push(`close ${response.writableFinished}`));
      response.write('begun');
    });
    for (const text of [ask('POST /', { 'Content-Length': '9' }), ask('GET /')]) {
      const peer = new RawClient();
      await place.connect(factory, peer);
      peer.send(text);
      await place.elapse(10);
      peer.transport.abort();
      await place.elapse(10);
    }
    expect(log.filter((line) => line === 'close false')).toHaveLength(2);
    expect(place.reports.problems).toEqual([]);
  });

  test('looks for late heads only while a port is open', async () => {
    const server = createServer((_, response) => void response.end('a'));
    const heard: string[] = [];
    server.on('listening', () => heard.push('listening'));
    server.on('close', () => heard.push('close'));
    const factory = nodeHttp(server);
    const place = world();
    const port = {} as Parameters<NonNullable<typeof factory.started>>[0];
    factory.started?.(port);
    factory.started?.(port);
    await exchange(place, factory, [ask('GET /')]);
    await exchange(place, factory, [ask('GET /')]);
    expect(heard).toEqual(['listening']);
    factory.stopped?.(port);
    expect(heard).toEqual(['listening']);
    factory.stopped?.(port);
    await place.elapse(10);
    expect(heard).toEqual(['listening', 'close']);
  });

  test('refuses limits that are none', () => {
    expect(() => nodeHttp(() => undefined, { headTimeoutMs: 0 })).toThrow(RangeError);
  });
});
