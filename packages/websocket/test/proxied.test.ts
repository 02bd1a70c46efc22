// WebSockets through the reverse proxy of @hawser/http, which knows nothing of their frames.
import type { WireTransport } from '@hawser/core';
import { http, httpClient, type ReverseProxyOptions, reverseProxy } from '@hawser/http';
import { PipeEndpoint } from '@hawser/http/testing';
import { afterEach, expect, test } from 'vitest';
import { Group, type SessionStarter, type WebSocketSession, webSocket } from '../src/index.ts';
import { pipeWorld } from './world.ts';
import { connectWs } from './ws-client.ts';

let world = pipeWorld({ cut: 7 });
afterEach(async () => {
  await world.stop();
  world = pipeWorld({ cut: 7 });
});

const page = (): Response => new Response('page');

/** A server of WebSockets, and the proxy in front of it. */
function proxied(start: SessionStarter, options: ReverseProxyOptions = {}) {
  const server = http(page, { websocket: { '/live': webSocket(start) } });
  const behind = new PipeEndpoint(server, { cut: 8 });
  const client = httpClient(world.reactor, { endpoint: behind });
  return { behind, proxy: http(reverseProxy('http://behind', { client, ...options })) };
}

test('messages of any length go to and fro, and the code of the close as well', async () => {
  const codes: number[] = [];
  const { behind, proxy } = proxied((session) => ({
    messageReceived: (message) => void session.send(message),
    closed: (code) => void codes.push(code),
  }));
  const client = await connectWs(world, proxy);
  for (const length of [0, 125, 126, 65_536, 300_000]) {
    client.ws.send('x'.repeat(length));
    expect(await client.next()).toHaveLength(length);
  }
  client.ws.close(4001);
  expect(await client.closed).toBe(4001);
  await world.elapse(0);
  expect(codes).toEqual([4001]);
  expect(behind.servers.size).toBe(0);
  expect(world.reports.problems).toEqual([]);
});

test('a client that vanishes ends its session behind the proxy, and the other way round', async () => {
  const codes: number[] = [];
  const sessions: WebSocketSession[] = [];
  const { behind, proxy } = proxied((session) => {
    sessions.push(session);
    return { closed: (code) => void codes.push(code) };
  });
  const first = await connectWs(world, proxy);
  first.transport.abort();
  await world.elapse(0);
  expect(codes).toEqual([1006]);
  const second = await connectWs(world, proxy);
  second.ws.on('error', () => undefined);
  sessions[1]?.abort();
  expect(await second.closed).toBe(1006);
  expect(behind.servers.size).toBe(0);
});

test('a client that does not read stops the server behind the proxy, until it is closed as too slow', async () => {
  const sessions: WebSocketSession[] = [];
  const { proxy } = proxied((session) => void sessions.push(session));
  const client = await connectWs(world, proxy);
  client.ws.pause();
  const text = 'x'.repeat(100_000);
  let sent = 0;
  while (sessions[0]?.send(text) || sessions[0]?.open) {
    sent += text.length;
    await world.elapse(0);
    if (sent > 50_000_000) break;
  }
  // What is kept in between: the buffers of two connections, and what may wait here.
  expect(sent).toBeLessThan(3_000_000);
  client.ws.resume();
  expect(await client.closed).toBe(1013);
});

test('a page of the same host is welcome when the proxy keeps the host', async () => {
  const { proxy } = proxied(() => undefined, { host: 'peer' });
  const { ws } = await connectWs(world, proxy, { origin: 'http://example.net' });
  expect(ws.readyState).toBe(ws.OPEN);
  await expect(connectWs(world, proxy, { origin: 'http://evil.example' })).rejects.toThrow('403');
});

test('a server that stops says goodbye through the proxy', async () => {
  const group = new Group();
  const server = http(page, { websocket: { '/live': group.join } });
  const behind = new PipeEndpoint(server);
  const client = httpClient(world.reactor, { endpoint: behind });
  const member = await connectWs(world, http(reverseProxy('http://behind', { client })));
  for (const connection of behind.servers) (connection as WireTransport).requestDrain(60_000);
  expect(await member.closed).toBe(1001);
});
