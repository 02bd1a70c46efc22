import type { Socket } from 'node:net';
import type { DelayedCall, Transport } from '@hawser/core';

/** How long the last bytes of a connection may take to be fetched. */
const CLOSE_TIMEOUT_MS = 30_000;

/**
 * Ends a connection whose socket was given away so that the peer gets every byte written: our end first, then what the
 * peer still sends is thrown away for a while, as closing with unread input would reset the connection and the reset may
 * overtake the answer (RFC 9112 §9.6). Gives the timer that aborts if the peer takes nothing.
 */
export function closeGently(socket: Socket, transport: Transport): DelayedCall {
  const timer = transport.reactor.clock.callLater(CLOSE_TIMEOUT_MS, () => {
    transport.abort({ kind: 'timeout', timer: 'close', afterMs: CLOSE_TIMEOUT_MS });
  });
  socket.on('data', ignore);
  socket.resume();
  socket.end(() => {
    timer.cancel();
    transport.close();
  });
  return timer;
}

function ignore(): void {}
