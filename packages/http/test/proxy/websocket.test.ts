import type { Socket } from 'node:net';
import { TransportSocket } from '@hawser/core';
import { pipeWorld } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { http, httpClient, nodeApp, reverseProxy } from '../../src/index.ts';
import { PipeEndpoint } from '../../testing/index.ts';

test('WebSockets go through a proxy, with what is said before and after, and their goodbye', async () => {
  const world = pipeWorld();
  const sockets = new WebSocketServer({ noServer: true });
  const app = nodeApp((_, response) => void response.writeHead(426).end(), {
    upgrade(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (ws) => {
        ws.send(`${request.url} ${request.headers['x-forwarded-host']} ${ws.protocol}`);
        ws.on('message', (data) => ws.send(data));
      });
    },
  });
  const behind = new PipeEndpoint(http(app));
  const client = httpClient(world.reactor, { endpoint: behind });
  let socket: TransportSocket | undefined;
  await world.connect(http(reverseProxy('http://app/base', { client })), {
    connectionMade(transport) {
      socket = new TransportSocket(transport);
      transport.handTo(socket.protocol);
    },
    dataReceived: () => undefined,
  });
  const ws = new WebSocket('ws://hawser.example/live?a', ['chat'], {
    createConnection: () => socket as unknown as Socket,
  });
  const heard: string[] = [];
  const long = 'x'.repeat(2_000_000);
  const closed = new Promise((done) => {
    ws.on('message', (data: Buffer) => {
      heard.push(data.toString());
      if (heard.length === 3) ws.close(4001, 'enough');
    });
    ws.on('close', (code, reason) => done([code, reason.toString()]));
  });
  ws.on('open', () => {
    ws.send('hello');
    ws.send(long);
  });
  expect(await closed).toEqual([4001, 'enough']);
  expect(heard[0]).toBe('/base/live?a hawser.example chat');
  expect(heard.slice(1)).toEqual(['hello', long]);
  await world.elapse(5_000);
  expect(behind.servers.size).toBe(0);
  expect(world.reports.problems).toEqual([]);
  sockets.close();
  client.abort();
  await world.stop();
});
