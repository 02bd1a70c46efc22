import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNodeReactor } from '@hawser/core';
import { CollectedReports } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { http, httpClient, reverseProxy } from '../../src/index.ts';

test('node:http behind, the fetch of this process before: megabytes and an upgrade go through', async () => {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'x-path': request.url, 'x-for': request.headers['x-forwarded-for'] });
    request.pipe(response);
  });
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello ');
    socket.pipe(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port: behind } = server.address() as AddressInfo;
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const client = httpClient(reactor);
  const app = reverseProxy(`http://127.0.0.1:${behind}`, { client });
  await using port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, http(app));
  const url = `http://127.0.0.1:${'port' in port.address ? port.address.port : 0}`;

  const body = Buffer.alloc(5_000_000, 'abcdefg');
  for (let round = 0; round < 3; round++) {
    const response = await fetch(`${url}/a?b`, { method: 'POST', body });
    expect(response.headers.get('x-path')).toBe('/a?b');
    expect(response.headers.get('x-for')).toBe('127.0.0.1');
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  }
  expect(client.status.connections).toBe(1);

  const own = httpClient(reactor);
  const upgraded = await own.upgrade(url, 'echo');
  const heard = await new Promise<string>((done) => {
    let text = '';
    const transport = upgraded.handTo({
      dataReceived(data) {
        text += data.toString();
        if (text !== 'hello there') return;
        transport.close();
        done(text);
      },
    });
    transport.write(Buffer.from('there'));
  });
  expect(heard).toBe('hello there');
  await own.close();
  await client.close();
  expect(reports.problems).toEqual([]);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});
