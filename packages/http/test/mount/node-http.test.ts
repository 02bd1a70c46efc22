import { createServer, type ServerResponse } from 'node:http';
import { pipeWorld } from '@hawser/core/testing';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeHttp } from '../../src/index.ts';
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

  test('refuses limits that are none', () => {
    expect(() => nodeHttp(() => undefined, { headTimeoutMs: 0 })).toThrow(RangeError);
  });
});
