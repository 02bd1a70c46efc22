import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex, PassThrough, Readable } from 'node:stream';
import {
  BaseProtocol,
  type Factory,
  fromDuplex,
  type Matcher,
  plug,
  sniff,
  toSocket,
} from '@hawser/core';
import { connectPipe, createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';

// The programs of docs/plugging-a-library.md.

const matchGet: Matcher = {
  maxBytes: 4,
  test(head) {
    const start = head.toString('latin1', 0, 4);
    if (!'GET '.startsWith(start)) return 'no';
    return start.length === 4 ? 'yes' : 'more';
  },
};

/** What a browser sees; `work` decides when the answer is ready. */
function webserver(work: () => Promise<string>): Factory {
  const answering = new Map<Socket, ServerResponse>();
  const server = createServer((request, response) => {
    answering.set(request.socket, response);
    response.on('close', () => answering.delete(request.socket));
    void work().then((text) => response.end(text));
  });

  return plug('web', {
    match: matchGet,
    accept: (socket) => void server.emit('connection', socket),
    drain(socket) {
      const response = answering.get(socket);
      if (response) response.setHeader('Connection', 'close');
      else socket.end();
    },
  });
}

class Catalogue extends BaseProtocol {
  dataReceived(): void {
    const list = Readable.from(['anchor\n', 'bollard\n', 'cleat\n']);
    list.pipe(toSocket(this.transport));
  }
}

/** A client over a pipe, and all it hears. */
function visit(factory: Factory, hello: string) {
  const reactor = createTestReactor();
  let heard = '';
  const { client, server } = connectPipe(reactor, factory, () => ({
    dataReceived: (data) => void (heard += data.toString('latin1')),
  }));
  client.write(Buffer.from(hello));
  return { reactor, server, client, heard: () => heard };
}

test('a library answers where there is no socket', async () => {
  const web = webserver(async () => 'hello\n');
  const { reactor, heard } = visit(web, 'GET / HTTP/1.1\r\nHost: example.net\r\n\r\n');
  await reactor.clock.settle();
  expect(heard()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(heard()).toMatch(/hello\n/);
});

test('shares a port by its first bytes', async () => {
  const web = webserver(async () => 'hello\n');
  const shared = sniff({ web, otherwise: () => new Catalogue() });
  const browser = visit(shared, 'GET / HTTP/1.1\r\nHost: example.net\r\n\r\n');
  await browser.reactor.clock.settle();
  expect(browser.heard()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  const other = visit(shared, 'LIST\n');
  await other.reactor.clock.settle();
  expect(other.heard()).toBe('anchor\nbollard\ncleat\n');
});

test('a request under way is answered before the goodbye', async () => {
  let finish: (text: string) => void = () => undefined;
  const web = webserver(() => new Promise((resolve) => (finish = resolve)));
  const { reactor, server, heard } = visit(web, 'GET / HTTP/1.1\r\nHost: example.net\r\n\r\n');
  await reactor.clock.settle();

  server.requestDrain(10_000);
  await reactor.clock.settle();
  expect(heard()).toBe('');

  finish('done\n');
  await reactor.clock.settle();
  expect(heard()).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection: close\r\n/);
  expect(heard()).toMatch(/done\n/);
  expect(server.ending).toBe(true);
});

test('an idle connection ends at once', async () => {
  const web = webserver(async () => 'hello\n');
  const { reactor, server, heard } = visit(web, 'GET / HTTP/1.1\r\nHost: example.net\r\n\r\n');
  await reactor.clock.settle();
  expect(heard()).toMatch(/\r\nConnection: keep-alive\r\n/);
  server.requestDrain(10_000);
  await reactor.clock.settle();
  expect(server.ending).toBe(true);
});

test('a transport as a stream ends with it', async () => {
  const { reactor, server, heard } = visit(plugless(), 'LIST\n');
  await reactor.clock.settle();
  expect(heard()).toBe('anchor\nbollard\ncleat\n');
  expect(server.ending).toBe(true);
});

function plugless(): Factory {
  return { name: 'catalogue', buildProtocol: () => new Catalogue() };
}

test('a stream becomes a transport', async () => {
  const reactor = createTestReactor();
  const child = { stdin: new PassThrough(), stdout: new PassThrough() };
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  const transport = fromDuplex(reactor, stream, { side: 'client' }, () => new Catalogue());

  child.stdout.write('LIST\n');
  await reactor.clock.settle();
  expect(String(child.stdin.read())).toBe('anchor\nbollard\ncleat\n');
  expect(transport.ending).toBe(true);
});
