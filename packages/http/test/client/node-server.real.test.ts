import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createNodeReactor } from '@hawser/core';
import { CollectedReports, createTestAuthority } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpClientOptions, httpClient } from '../../src/index.ts';

const authority = createTestAuthority();
const open: Server[] = [];
const reports = new CollectedReports();
const reactor = createNodeReactor({ reports });

afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  const problems = reports.problems.splice(0);
  if (problems.length > 0) throw new AggregateError(problems.map(({ error }) => error));
});

async function listening(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of message) text += String(chunk);
  return text;
}

async function world(
  listener: RequestListener,
  options: HttpClientOptions = {},
): Promise<{ client: ReturnType<typeof httpClient>; sockets: Set<unknown> }> {
  const server = createServer(listener);
  const sockets = new Set<unknown>();
  server.on('connection', (socket) => sockets.add(socket));
  const port = await listening(server);
  return {
    client: httpClient(reactor, { baseUrl: `http://127.0.0.1:${port}/`, ...options }),
    sockets,
  };
}

describe('a client of node:http', () => {
  test('keeps its connection, and is answered in chunks, with lengths, compressed and with trailers', async () => {
    const { client, sockets } = await world((request, response) => {
      void (async () => {
        const text = await textOf(request);
        switch (request.url ?? '/') {
          case '/chunks':
            response.write('one,');
            response.end(`two,${text}`);
            break;
          case '/gzip':
            response
              .writeHead(200, { 'content-encoding': 'gzip' })
              .end(gzipSync('zipped '.repeat(1_000)));
            break;
          case '/trailers':
            response.writeHead(200, { trailer: 'x-sum' });
            response.write('body');
            response.addTrailers({ 'x-sum': '4' });
            response.end();
            break;
          default:
            response.end(`${request.method} ${text}`);
        }
      })();
    });
    expect(await (await client.post('/chunks', { body: 'three' })).text()).toBe('one,two,three');
    expect(await (await client.get('/gzip')).text()).toBe('zipped '.repeat(1_000));
    const trailed = await client.get('/trailers');
    expect([await trailed.text(), trailed.trailers.get('x-sum')]).toEqual(['body', '4']);
    async function* stream(): AsyncGenerator<string> {
      yield 'a';
      yield 'b';
    }
    expect(await (await client.put('/', { body: stream() })).text()).toBe('PUT ab');
    const expected = await client.put('/', { body: 'wait', expectContinue: 5_000 });
    expect(await expected.text()).toBe('PUT wait');
    expect((await client.head('/')).status).toBe(200);
    expect(sockets.size).toBe(1);
    await client.close();
  });

  test('moves megabytes both ways', async () => {
    const { client } = await world((request, response) => void request.pipe(response));
    const body = Buffer.alloc(8_000_000, 'abcdefg');
    const response = await client.post('/', { body });
    expect(Buffer.from(await response.bytes()).equals(body)).toBe(true);
    await client.close();
  });

  test('goes on when the server has closed what waited', async () => {
    const { client, sockets } = await world((_, response) => void response.end('ok'));
    for (const _ of [1, 2, 3]) {
      expect(await (await client.get('/')).text()).toBe('ok');
      for (const socket of sockets) (socket as { destroy(): void }).destroy();
    }
    expect(sockets.size).toBe(3);
    await client.close();
  });

  test('sees a response that is cut off', async () => {
    const { client } = await world((_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.destroy());
    });
    const failed = client.get('/').addCallback((response) => response.text());
    await expect(failed).rejects.toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    await client.close();
  });

  test('is upgraded', async () => {
    const server = createServer();
    server.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const port = await listening(server);
    const client = httpClient(reactor);
    const upgraded = await client.upgrade(`http://127.0.0.1:${port}/`, 'echo');
    const heard = await new Promise<string>((done) => {
      const transport = upgraded.handTo({
        dataReceived(data) {
          done(data.toString());
          transport.close();
        },
      });
      transport.write(Buffer.from('hello'));
    });
    expect(heard).toBe('hello');
    await client.close();
  });

  test('cannot connect to where nobody listens', async () => {
    const { client } = await world((_, response) => void response.end());
    await new Promise((done) => open.splice(0)[0]?.close(done));
    await expect(client.get('/', { retry: false })).rejects.toMatchObject({
      code: 'HAWSER_CONNECT',
      phase: 'connect',
      sent: 'nothing',
    });
    await client.close();
  });

  test('verifies the server over TLS, and takes sessions up again', async () => {
    const { cert, key } = authority.server('localhost');
    const server = createSecureServer({ cert, key }, (request, response) => {
      const { alpnProtocol } = request.socket as { alpnProtocol?: string };
      const resumed = (
        request.socket as unknown as { isSessionReused(): boolean }
      ).isSessionReused();
      response.end(`${alpnProtocol} ${resumed}`);
    }) as unknown as Server;
    const port = await listening(server);
    const url = `https://localhost:${port}/`;
    const client = httpClient(reactor, { tls: { ca: authority.ca } });
    const close = { headers: { connection: 'close' } };
    const heard: string[] = [];
    for (const _ of [1, 2, 3]) heard.push(await (await client.get(url, close)).text());
    expect(heard[0]).toMatch(/ false$/);
    expect(heard[2]).toMatch(/ true$/);
    await expect(client.get(`https://127.0.0.1:${port}/`, { retry: false })).rejects.toMatchObject({
      code: 'HAWSER_TLS_HANDSHAKE',
      phase: 'connect',
    });
    const trusting = httpClient(reactor);
    await expect(trusting.get(url, { retry: false })).rejects.toMatchObject({
      code: 'HAWSER_TLS_HANDSHAKE',
    });
    await client.close();
    await trusting.close();
  });
});
