// The client against node's own server of HTTP/2, over loopback.
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createNodeReactor } from '@hawser/core';
import { CollectedReports, createTestAuthority } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpClient, type HttpClientOptions, httpClient } from '../../src/index.ts';

const authority = createTestAuthority();
const reports = new CollectedReports();
const reactor = createNodeReactor({ reports });
const open: { readonly server: Http2Server; readonly sessions: Set<ServerHttp2Session> }[] = [];

afterEach(async () => {
  for (const { server, sessions } of open.splice(0)) {
    for (const session of sessions) session.destroy();
    await new Promise((done) => server.close(done));
  }
  const problems = reports.problems.splice(0);
  if (problems.length > 0) throw new AggregateError(problems.map(({ error }) => error));
});

type Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

async function listening(
  server: Http2Server,
): Promise<{ port: number; sessions: Set<ServerHttp2Session> }> {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  open.push({ server, sessions });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { port: (server.address() as AddressInfo).port, sessions };
}

async function plain(
  listener: Listener,
  options: HttpClientOptions = {},
): Promise<{ client: HttpClient; sessions: Set<ServerHttp2Session> }> {
  const { port, sessions } = await listening(createServer(listener));
  const baseUrl = `http://127.0.0.1:${port}/`;
  return { client: httpClient(reactor, { baseUrl, protocols: ['h2'], ...options }), sessions };
}

async function textOf(message: Http2ServerRequest): Promise<string> {
  let text = '';
  for await (const chunk of message) text += String(chunk);
  return text;
}

describe('a client of node:http2', () => {
  test('asks side by side on one connection, and gets trailers', async () => {
    const { client, sessions } = await plain((request, response) => {
      void (async () => {
        const text = await textOf(request);
        response.addTrailers({ 'x-sum': '1' });
        response.end(`${request.method} ${request.url} ${text}`);
      })();
    });
    const texts = Array.from({ length: 50 }, async (_, at) => {
      const response = await client.post(`/${at}`, { body: `body ${at}` });
      return [await response.text(), response.trailers.get('x-sum')];
    });
    expect(await Promise.all(texts)).toEqual(texts.map((_, at) => [`POST /${at} body ${at}`, '1']));
    expect(sessions.size).toBe(1);
    await client.close();
  });

  test('moves megabytes both ways', async () => {
    const { client } = await plain((request, response) => void request.pipe(response));
    const body = Buffer.alloc(8_000_000, 'abcdefg');
    const all = [1, 2].map(async () => (await client.post('/', { body })).bytes());
    for (const bytes of await Promise.all(all)) expect(Buffer.from(bytes).equals(body)).toBe(true);
    await client.close();
  });

  test('goes on when the server says goodbye, or breaks the connection', async () => {
    const { client, sessions } = await plain((_, response) => response.end('ok'));
    const ends = [
      (session: ServerHttp2Session) => session.close(),
      (session: ServerHttp2Session) => session.destroy(),
    ];
    for (const end of ends) {
      expect(await (await client.get('/')).text()).toBe('ok');
      for (const session of sessions) if (!session.destroyed) end(session);
    }
    expect(await (await client.get('/')).text()).toBe('ok');
    expect(sessions.size).toBe(3);
    await client.close();
  });

  test('sees a response that is cut off', async () => {
    const { client } = await plain((_, response) => {
      response.write('half', () => response.stream.close(2));
    });
    const failed = client.get('/').addCallback((response) => response.text());
    await expect(failed).rejects.toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    await client.close();
  });

  test('agrees on it over TLS, on HTTP/1.1 with whoever does not speak it, and resumes sessions', async () => {
    const { cert, key } = authority.server('localhost');
    const answers: Listener = (request, response) => {
      response.end(`${request.httpVersion} ${request.authority ?? ''}`);
    };
    const { port } = await listening(createSecureServer({ cert, key, allowHTTP1: true }, answers));
    const url = `https://localhost:${port}/`;
    const tls = { ca: authority.ca };
    const both = httpClient(reactor, { tls, protocols: ['h2', 'http/1.1'] });
    const old = httpClient(reactor, { tls });
    const response = await both.get(url);
    expect([response.version, await response.text()]).toEqual(['2.0', `2.0 localhost:${port}`]);
    expect((await old.get(url)).version).toBe('1.1');
    await both.close();
    old.abort();
    await old.close();
  });

  test('fails to agree with a server that speaks something else', async () => {
    const { cert, key } = authority.server('localhost');
    const server = createSecureServer({ cert, key, ALPNProtocols: ['h2'] });
    const { port } = await listening(server);
    const client = httpClient(reactor, { tls: { ca: authority.ca }, retry: false });
    await expect(client.get(`https://localhost:${port}/`)).rejects.toMatchObject({
      code: 'HAWSER_TLS_HANDSHAKE',
      phase: 'connect',
    });
    await client.close();
  });
});
