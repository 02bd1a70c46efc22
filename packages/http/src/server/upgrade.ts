import type { Socket } from 'node:net';
import type { Transport } from '@hawser/core';
import { badField } from '../wire/format-fields.ts';
import { closeGently } from './close-gently.ts';
import { formatRefusal } from './refusal.ts';
import type { UpgradeRequest } from './upgrade-request.ts';

/**
 * Takes a connection over whose request asked for another protocol. `socket` is neither paused nor flowing; `head` are
 * bytes of the new protocol that came with the request. A throw is reported and aborts the connection.
 */
export type UpgradeHandler = (
  request: UpgradeRequest,
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
  /** The status to answer with, from 300 to 599, such as 403. */
  readonly status: number;
  /** More header lines, such as `Sec-WebSocket-Version: 13`. @defaultValue none */
  readonly fields?: readonly string[] | undefined;
  /** The connection below the socket, as in {@link UpgradeContext}. */
  readonly transport: Transport;
}

/**
 * Answers an upgrade request with an HTTP response and ends the connection, gently: for an {@link UpgradeHandler} that
 * does not want the peer and has not written anything.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when the status or a header line cannot be sent
 */
export function refuseUpgrade(socket: Socket, refusal: UpgradeRefusal): void {
  const { status, fields, transport } = refusal;
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    throw badField(`Cannot refuse an upgrade with such a status: ${status}`);
  }
  if (socket.writable) {
    socket.write(formatRefusal(status, transport.reactor.clock, fields), 'latin1');
  }
  const timer = closeGently(socket, transport);
  transport.onClose(() => timer.cancel());
}
