import { createServer, type IncomingMessage, Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Factory, plug, type Transport, toError } from '@hawser/core';
import { matchHttp } from '../server/match.ts';
import { callListener, type NodeListener, type RoutingApp } from './call-listener.ts';

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
  const connections = new WeakMap<Socket, NodeConnection>();
  const server =
    app instanceof Server
      ? app
      : makeServer(options, (request, response) => {
          const connection = connections.get(request.socket);
          callListener(app, request, response, (thrown) => connection?.failed(thrown));
        });
  let ports = 0;
  // Before the listener of the app, which may answer at once.
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    connections.get(request.socket)?.requestReceived(response);
  });
  server.prependListener('upgrade', (request: IncomingMessage) => {
    connections.get(request.socket)?.upgraded();
  });
  const factory = plug('http', {
    match: matchHttp,
    acceptableProtocols: ['http/1.1', 'http/1.0'],
    accept(socket, transport) {
      keepTime(server);
      connections.set(socket, new NodeConnection(socket, transport));
      server.emit('connection', socket);
    },
    drain(socket, deadline) {
      connections.get(socket)?.drain(deadline);
    },
  });
  return {
    ...factory,
    started: () => {
      ports += 1;
    },
    stopped: () => {
      ports -= 1;
      if (ports === 0) restTime(server);
    },
  };
}

/** One connection on node's server: what node does only for those it accepted itself. */
class NodeConnection {
  readonly #socket: Socket;
  readonly #transport: Transport;
  readonly #open = new Set<ServerResponse>();
  #state: 'open' | 'draining' | 'upgraded' = 'open';
  #deadline = 0;

  constructor(socket: Socket, transport: Transport) {
    this.#socket = socket;
    this.#transport = transport;
  }

  requestReceived(response: ServerResponse): void {
    this.#open.add(response);
    if (this.#state === 'draining') response.shouldKeepAlive = false;
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#state === 'draining' && this.#open.size === 0) this.#close();
    });
  }

  /** The app threw: on node's server the process would end by it. */
  failed(thrown: unknown): void {
    this.#transport.reactor.reports.problem('http.mount', thrown);
    this.#transport.abort(toError(thrown));
  }

  upgraded(): void {
    this.#state = 'upgraded';
  }

  drain(deadline: number): void {
    this.#deadline = deadline;
    if (this.#state === 'upgraded') {
      // Whoever has it hears of it in no other way.
      this.#transport.abort({ kind: 'shutdown' });
      return;
    }
    this.#state = 'draining';
    for (const response of this.#open) {
      if (!response.headersSent) response.shouldKeepAlive = false;
    }
    if (this.#open.size === 0) this.#close();
  }

  #close(): void {
    const left = this.#deadline - this.#transport.reactor.clock.now();
    // The socket was given away: it is the one that knows what is still to be written.
    if (this.#socket.writable) this.#socket.end(() => this.#closeTransport(left));
    else this.#closeTransport(left);
  }

  #closeTransport(left: number): void {
    this.#transport.close({ deadlineMs: Math.max(0, left) });
  }
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

const keeping = new WeakSet<Server>();

/** Without this event, node's server looks neither for late heads nor for idle connections. */
function keepTime(server: Server): void {
  if (keeping.has(server)) return;
  keeping.add(server);
  if (!server.listening) server.emit('listening');
}

/** Ends the looking, which the event began. */
function restTime(server: Server): void {
  if (!keeping.delete(server) || server.listening) return;
  server.closeAllConnections();
  // That it does not listen is what it says.
  server.close(() => undefined);
}
