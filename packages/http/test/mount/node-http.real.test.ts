import { connect } from 'node:net';
import { createNodeReactor, type Factory, sniff } from '@hawser/core';
import { expect, test } from 'vitest';
import { type NodeHttpOptions, nodeHttp } from '../../src/index.ts';
import { RawClient } from '../raw-client.ts';
import { tlsWorld } from '../world.ts';

const host = '127.0.0.1';

/** What comes back of a connection on which `pieces` are sent, some time apart, until it is closed. */
async function answerTo(factory: Factory, ...pieces: readonly string[]): Promise<string> {
  await using port = await createNodeReactor().tcp.listen({ host, port: 0 }, factory);
  const at = 'port' in port.address ? port.address.port : 0;
  return await new Promise<string>((done) => {
    const socket = connect({ port: at, host, noDelay: true });
    let got = '';
    let sent = 0;
    const next = (): void => {
      const piece = pieces[sent];
      sent += 1;
      if (piece !== undefined) socket.write(piece, () => setImmediate(next));
    };
    socket.on('data', (chunk) => {
      got += String(chunk);
    });
    socket.on('close', () => done(got));
    next();
  });
}

function late(options: NodeHttpOptions): Factory {
  return nodeHttp(
    (request, response) => void request.resume().on('end', () => response.end('a')),
    options,
  );
}

test("node's own engine does not wait for ever for a head", async () => {
  const text = await answerTo(late({ headTimeoutMs: 100 }), 'GET / HTTP/1.1\r\nHost: a\r\n');
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
});

test('nor for a request', async () => {
  const text = await answerTo(
    late({ headTimeoutMs: 100, requestTimeoutMs: 200 }),
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n',
  );
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
});

const REQUEST =
  'POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello';

test.each([
  ['whole', [REQUEST]],
  ['byte by byte', REQUEST.split('')],
])('a request whose first bytes were looked at before comes to it %s', async (_, pieces) => {
  const factory = sniff({
    http: nodeHttp(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      response.end(Buffer.concat(chunks));
    }),
  });
  expect(await answerTo(factory, ...pieces)).toMatch(/^HTTP\/1\.1 200 [^]*hello/);
});

test('it is served over TLS', async () => {
  const world = tlsWorld();
  const factory = nodeHttp((request, response) => {
    const { socket } = request;
    response.end(`encrypted ${'encrypted' in socket && socket.encrypted}`);
  });
  const peer = await world.connect(factory, new RawClient());
  peer.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await peer.ended;
  expect(peer.received).toMatch(/^HTTP\/1\.1 200 [^]*encrypted true/);
  await world.stop();
});
