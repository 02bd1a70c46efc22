import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ConnectionError, plug, toError } from '@hawser/core';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { HttpContext, HttpHandler } from '../contract/http-handler.ts';
import { HttpError } from '../http-error.ts';
import { expectAnswer, UPGRADE_TIMEOUT_MS } from '../server/expect-answer.ts';
import { toFieldLines } from '../web/http-headers.ts';
import { exchangeOf } from '../web/http-request.ts';
import type { HttpResponse } from '../web/http-response.ts';
import { takeOver } from '../web/take-over.ts';
import { AnswerCapture } from './answer-capture.ts';
import { AppRequest, type AppRequestParts, aborted } from './app-request.ts';
import { AppSocket } from './app-socket.ts';
import { callListener, type NodeListener, type RoutingApp } from './call-listener.ts';
import { containThrows } from './contain-throws.ts';

/** Takes a connection over whose request asked for another protocol, as a listener of node's 'upgrade'. */
export type NodeUpgradeListener = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
) => unknown;

/** Options for {@link nodeApp}. */
export interface NodeAppOptions {
  /** The path below which the app is, such as `/old`: what is left is its `request.url`. @defaultValue none */
  readonly prefix?: string | undefined;
  /** Takes requests for other protocols, such as WebSocket. Without it the app answers them as any other. */
  readonly upgrade?: NodeUpgradeListener | undefined;
  /** Longest `upgrade` may let its peer wait for anything; then the connection is aborted. @defaultValue 15_000 */
  readonly upgradeTimeoutMs?: number | undefined;
}

/**
 * An app that was written for `node:http`, as a handler: it runs behind any middleware, over HTTP/1 and HTTP/2, on every
 * transport, within the limits of the server. It sees node's own IncomingMessage and ServerResponse.
 *
 * What differs from `node:http`: the socket is one for each request and cannot be read or written but through the
 * response; whether the connection is kept is the engine's to decide; a listener that throws or rejects, now or at an
 * event of its request or response, is reported and answered with 500; one that writes less than it promised resets the connection, as half an answer must not pass for a
 * whole. `originalUrl` is what the peer asked for.
 *
 * @throws TypeError when the prefix is none
 * @example http(nodeApp(express().get('/', (request, response) => response.send('hello'))))
 */
export function nodeApp(app: NodeListener | RoutingApp, options: NodeAppOptions = {}): HttpHandler {
  const { upgrade, upgradeTimeoutMs = UPGRADE_TIMEOUT_MS } = options;
  const prefix = toPrefix(options.prefix);
  return (request, context) => {
    const exchange = exchangeOf(request);
    const parts = partsOf(request, exchange, prefix);
    if (upgrade && exchange.upgrade !== undefined) {
      return upgraded(parts, { listener: upgrade, timeoutMs: upgradeTimeoutMs });
    }
    return new Promise((resolve, reject) => {
      serve({ parts, context, app, resolve, reject });
    });
  };
}

interface Serving {
  readonly parts: AppRequestParts;
  readonly context: HttpContext;
  readonly app: NodeListener | RoutingApp;
  readonly resolve: (response: HttpResponse) => void;
  readonly reject: (error: Error) => void;
}

function serve({ parts, context, app, resolve, reject }: Serving): void {
  const { exchange, method } = parts;
  const capture = new AnswerCapture(method, {
    answered: resolve,
    failed: reject,
    informed(status, fields) {
      // That is said when the app reads the body.
      if (status !== 100) exchange.inform(status, fields);
    },
    unwanted: () => void socket.destroy(),
  });
  const socket = new AppSocket({
    transport: exchange.transport,
    take: (bytes, taken) => capture.take(bytes, taken),
  });
  const fail = (error: Error): void => {
    capture.fail(error);
    socket.destroy();
  };
  const request = new AppRequest(socket.asSocket, {
    ...parts,
    failed: (error) => fail(bodyFailure(error)),
  });
  const response = new ServerResponse(request);
  request.showVersion(exchange.version);
  // The engine has a clock of its own.
  response.sendDate = false;
  response.assignSocket(socket.asSocket);
  response.on('error', (error) => {
    // Unless the app hears of it: on node's own server the process would end by it.
    if (response.listenerCount('error') === 1) {
      context.reactor.reports.problem('http.mount', error);
    }
  });
  response.on('finish', () => {
    capture.finish();
    // Which is how the app hears that the request is over: 'close', and `destroyed`.
    socket.destroy();
  });
  socket.on('drain', () => {
    if (response.writableEnded || response.destroyed) return;
    // A response emits 'drain' when what waited for its socket was written; all else is known to node's own server.
    response.detachSocket(socket.asSocket);
    response.write('');
    response.assignSocket(socket.asSocket);
  });
  socket.on('timeout', () => {
    const heard = [request.emit('timeout', socket), response.emit('timeout', socket)];
    if (!heard.includes(true) && socket.listenerCount('timeout') === 1) socket.destroy();
  });
  const gone = exchange.onGone((reason) => {
    request.destroy(aborted());
    fail(reason);
  });
  socket.on('close', () => {
    gone[Symbol.dispose]();
    capture.fail(destroyed());
    AppRequest.drop(request);
  });
  const threw = (thrown: unknown): void => {
    // An answer that is complete cannot say it any more.
    if (capture.complete) context.reactor.reports.problem('http.mount', thrown);
    fail(toError(thrown));
  };
  containThrows(request, threw);
  containThrows(response, threw);
  callListener(app, request, response, threw);
}

interface Upgrading {
  readonly listener: NodeUpgradeListener;
  readonly timeoutMs: number;
}

function upgraded(parts: AppRequestParts, { listener, timeoutMs }: Upgrading): HttpResponse {
  const { exchange } = parts;
  const factory = plug('upgrade', {
    accept(socket, transport) {
      expectAnswer(transport, timeoutMs);
      const failed = (thrown: unknown): void => {
        transport.reactor.reports.problem('http.mount', thrown);
        transport.abort(toError(thrown));
      };
      try {
        const request = new AppRequest(socket, parts);
        const outcome = listener(request, socket, Buffer.alloc(0));
        if (outcome instanceof Promise) outcome.catch(failed);
      } catch (thrown) {
        failed(thrown);
      }
    },
    drain: (_socket, _deadline, transport) => transport.abort({ kind: 'shutdown' }),
  });
  const [protocol = ''] = (exchange.upgrade ?? '').split(',');
  return takeOver(factory, { protocol: protocol.trim(), sendHead: false });
}

function partsOf(request: Request, exchange: HttpExchange, prefix: string): AppRequestParts {
  const lines = toFieldLines(request.headers);
  const raw = lines === exchange.fields ? exchange.rawFields : lines;
  // How apps know that there is a body, which over HTTP/2 nothing has to say.
  const said = exchange.version === '2.0' && exchange.body.length === undefined ? CHUNKED : [];
  return {
    exchange,
    method: request.method,
    url: withoutPrefix(targetOf(request.url, exchange.target), prefix),
    fields: said.length === 0 ? lines : [...lines, ...said],
    rawFields: said.length === 0 ? raw : [...raw, ...said],
  };
}

const CHUNKED: FieldLines = ['transfer-encoding', 'chunked'];

/** What the peer asked for as it was sent, unless somebody has changed it on the way. */
function targetOf(url: string, target: string): string {
  const at = url.indexOf('/', url.indexOf('//') + 2);
  if (at === -1 || (url.length - at === target.length && url.endsWith(target))) return target;
  const path = url.slice(at);
  // The URL standard writes some targets in another way; those that nobody has moved stay what they were.
  return new URL(target, url).href === url ? target : path;
}

function withoutPrefix(target: string, prefix: string): string {
  if (prefix === '' || !target.startsWith(prefix)) return target;
  const rest = target.slice(prefix.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : target;
}

function toPrefix(prefix = ''): string {
  const plain = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (plain === '' || plain.startsWith('/')) return plain;
  throw new TypeError(`Cannot mount an app as its prefix must begin with "/": "${prefix}"`);
}

/** The engine answers it as if the handler had read the body. */
function bodyFailure(error: Error): Error {
  const late = 'code' in error && error.code === 'HAWSER_HTTP_REQUEST_TIMEOUT';
  return new HttpError(late ? 408 : 400, error.message, { cause: error });
}

function destroyed(): Error {
  return new ConnectionError(
    'HAWSER_CLOSED',
    'Cannot answer as the mounted app gave the answer up',
  );
}
