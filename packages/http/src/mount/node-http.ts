import { createServer, type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { type Factory, plug } from '@hawser/core';
import { matchHttp } from '../server/match.ts';
import { callListener, type NodeListener, type RoutingApp } from './call-listener.ts';
import { NodeServer } from './node-server.ts';

/** Options for {@link nodeHttp}. */
export interface NodeHttpOptions {
  /** Longest head, in octets; over it 431. Not of a server that is given. @defaultValue 16_384 */
  readonly maxHeadBytes?: number | undefined;
  /** Longest wait for a complete head, in real time. Not of a server that is given. @defaultValue 15_000 */
  readonly headTimeoutMs?: number | undefined;
  /** Longest wait for a complete request, in real time. Not of a server that is given. @defaultValue 300_000 */
  readonly requestTimeoutMs?: number | undefined;
  /** Longest wait for the next request. Not of a server that is given. @defaultValue 5_000 */
  readonly keepAliveTimeoutMs?: number | undefined;
}

/** How often node looks for heads that are late. */
const LOOK_EVERY_MS = 1_000;

/**
 * HTTP/1 by node's own engine instead of ours: for an app that needs more of `node:http` than {@link nodeApp} gives,
 * such as the socket itself, or a parser that takes what ours refuses. A server that is given should not listen.
 *
 * Connections are those of the port: counted, drained, aborted by it. Time is real, also in a simulation, and there is no
 * HTTP/2, no minimum rate of a body and no limit on how slowly an answer is taken.
 *
 * @throws RangeError when a limit is not above 0
 * @example serve('tcp://:8080', nodeHttp(legacy))
 */
export function nodeHttp(
  app: NodeListener | RoutingApp | Server,
  options: NodeHttpOptions = {},
): Factory {
  const server =
    app instanceof Server
      ? app
      : makeServer(options, (request, response) => {
          const connection = host.connectionOf(request.socket);
          callListener(app, request, response, (thrown) => connection?.failed(thrown));
        });
  const host = NodeServer.of(server);
  const factory = plug('http', {
    match: matchHttp,
    acceptableProtocols: ['http/1.1', 'http/1.0'],
    accept: (socket, transport) => host.accept(socket, transport),
    drain(socket, deadline) {
      host.connectionOf(socket)?.drain(deadline);
    },
  });
  return { ...factory, started: () => host.portOpened(), stopped: () => host.portClosed() };
}

function makeServer(
  options: NodeHttpOptions,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const { maxHeadBytes = 16_384, headTimeoutMs = 15_000 } = options;
  const { requestTimeoutMs = 300_000, keepAliveTimeoutMs = 5_000 } = options;
  for (const [name, value] of Object.entries({
    maxHeadBytes,
    headTimeoutMs,
    requestTimeoutMs,
    keepAliveTimeoutMs,
  })) {
    if (!(value > 0)) {
      throw new RangeError(`Cannot serve http as ${name} must be > 0: current value is ${value}`);
    }
  }
  const server = createServer(
    {
      maxHeaderSize: maxHeadBytes,
      headersTimeout: headTimeoutMs,
      requestTimeout: Math.max(requestTimeoutMs, headTimeoutMs),
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: LOOK_EVERY_MS,
    },
    listener,
  );
  // Not in its type, though old: without it, a client that ends its side after the request gets no answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  return server;
}
