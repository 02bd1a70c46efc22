import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Factory, plug } from '@hawser/core';
import { HttpConnection, type HttpSettings } from './http-connection.ts';
import type { HttpHandler } from './http-handler.ts';
import { type HttpOptions, toLimits } from './http-options.ts';
import { matchHttp } from './match.ts';
import { statusOfParseError } from './refusal.ts';

/**
 * Serves HTTP/1.1 and 1.0 (RFC 9110, RFC 9112) with a handler of standard Request and Response, over whatever carries
 * bytes. Each connection has limits on size and time, and says goodbye when the process stops.
 *
 * @throws RangeError when a limit is not above 0
 * @example serve('tcp://:8080', http((request) => new Response(`You asked for ${request.url}\n`)))
 */
export function http(handler: HttpHandler, options: HttpOptions = {}): Factory {
  const limits = toLimits(options);
  const connections = new WeakMap<Socket, HttpConnection>();
  const server = createParser(connections, { maxHeaderSize: limits.maxHeadBytes });
  const settings: HttpSettings = { handler, limits, server, websocket: options.websocket ?? {} };
  if (options.websocket) {
    server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      connections.get(socket)?.upgradeReceived(message, head);
    });
  }
  return plug('http', {
    match: matchHttp,
    acceptableProtocols: ['http/1.1', 'http/1.0'],
    accept(socket, transport) {
      connections.set(socket, new HttpConnection(socket, transport, settings));
      server.emit('connection', socket);
    },
    drain(socket, deadline) {
      connections.get(socket)?.drain(deadline);
    },
  });
}

/**
 * Node's server as a parser of connections that are handed to it. It never listens; timers, limits and the end of
 * connections, which a server that does not listen leaves out without a word, are ours.
 */
function createParser(
  connections: WeakMap<Socket, HttpConnection>,
  options: { readonly maxHeaderSize: number },
): Server {
  const { maxHeaderSize } = options;
  const server = createServer({
    maxHeaderSize,
    keepAliveTimeout: 0,
    headersTimeout: 0,
    requestTimeout: 0,
    insecureHTTPParser: false,
    // Checked by ourselves, so that the answer is the same as to any other bad request.
    requireHostHeader: false,
  });
  // Node drops fields over the count without a word; their size is limited already.
  server.maxHeadersCount = 0;
  // Not in its type, though old: without it, a client that ends its side after the request gets no answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  const receive =
    (expects?: 'continue' | 'unknown') =>
    (message: IncomingMessage, answer: ServerResponse): void => {
      connections.get(message.socket)?.requestReceived(message, answer, expects);
    };
  server.on('request', receive());
  server.on('checkContinue', receive('continue'));
  server.on('checkExpectation', receive('unknown'));
  server.on('connect', (message: IncomingMessage, socket: Socket, head: Buffer) => {
    connections.get(socket)?.upgradeReceived(message, head);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A socket that broke is heard of by its transport.
    if (!socket.destroyed && !socket.errored) {
      connections.get(socket as Socket)?.inputFailed(statusOfParseError(error.code));
    }
  });
  return server;
}
