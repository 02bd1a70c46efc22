// One of the servers that `hand-over.ts` compares: `node:http` answering a small request.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Protocol, plug, type Transport, TransportSocket } from '@hawser/core';
import { beMeasured, serveFactory } from './measured-server.ts';

const BODY = Buffer.from('hello, world\n');
const answer: RequestListener = (_request, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.setHeader('Content-Length', BODY.length);
  response.end(BODY);
};
const http = createServer({ keepAliveTimeout: 0 }, answer);

/** Gives the library a Duplex although there is a socket below. */
class OverDuplex implements Protocol {
  connectionMade(transport: Transport): void {
    const socket = new TransportSocket(transport);
    socket.on('error', () => undefined);
    transport.handTo(socket.protocol);
    http.emit('connection', socket);
  }

  dataReceived(): void {}
}

const [mode] = process.argv.slice(2);
if (mode === 'detach') {
  const accept = (socket: Socket): boolean => http.emit('connection', socket);
  await serveFactory(plug('http', { accept }));
} else if (mode === 'Duplex') {
  await serveFactory({ name: 'http', buildProtocol: () => new OverDuplex() });
} else {
  http.listen({ port: 0, host: '127.0.0.1' }, () =>
    beMeasured((http.address() as AddressInfo).port),
  );
}
