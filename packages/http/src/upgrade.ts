import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Transport } from '@hawser/core';
import { closeGently } from './drain.ts';
import { formatRefusal } from './refusal.ts';

/**
 * Takes a connection over whose request asked for another protocol. `socket` is neither paused nor flowing; `head` are
 * bytes of the new protocol that came with the request. A throw is reported and aborts the connection.
 */
export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  context: UpgradeContext,
) => void;

/** What an {@link UpgradeHandler} knows beside the request. */
export interface UpgradeContext {
  /** The connection below the socket: who it is with, when it is gone, how to abort it. Not for reading or writing. */
  readonly transport: Transport;
  /** Calls `listener` when the process wants to stop, with the deadline on the reactor's clock. The last one counts. */
  onDrain(listener: (deadline: number) => void): void;
}

/** Options for {@link refuseUpgrade}. */
export interface UpgradeRefusal {
  /** The status to answer with, such as 403. */
  readonly status: number;
  /** More header lines, such as `Sec-WebSocket-Version: 13`. @defaultValue none */
  readonly fields?: readonly string[] | undefined;
  /** The connection below the socket, as in {@link UpgradeContext}. */
  readonly transport: Transport;
}

/**
 * Answers an upgrade request with an HTTP response and ends the connection, gently: for an {@link UpgradeHandler} that
 * does not want the peer and has not written anything.
 */
export function refuseUpgrade(socket: Socket, refusal: UpgradeRefusal): void {
  const { status, fields, transport } = refusal;
  if (socket.writable) {
    socket.write(formatRefusal(status, transport.reactor.clock, fields), 'latin1');
  }
  const timer = closeGently(socket, transport);
  transport.onClose(() => timer.cancel());
}

/** The handler for the path of `request`, if it asks for a WebSocket and its path is in `table`. */
export function upgradeHandlerOf(
  request: IncomingMessage,
  table: Readonly<Record<string, UpgradeHandler>>,
): UpgradeHandler | undefined {
  const [path = ''] = (request.url ?? '').split('?', 1);
  return Object.hasOwn(table, path) ? table[path] : undefined;
}

/** Whether a request asks for a WebSocket (RFC 6455 §4.1) rather than, as many clients do, for HTTP/2. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** The head of `request` without its wish for another protocol, to be parsed again as an ordinary request. */
export function withoutUpgrade(request: IncomingMessage): Buffer {
  const { method, url, httpVersion, rawHeaders } = request;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === 'upgrade') continue;
    text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
