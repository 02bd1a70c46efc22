import type { Socket } from 'node:net';
import type { Transport } from '../contract/transport.ts';
import { TransportSocket } from './transport-socket.ts';

/**
 * The transport as a `net.Socket`, for a borrowed library: the real socket where there is one, a
 * {@link TransportSocket} everywhere else. Call it from the protocol's `connectionMade`. The socket is neither paused
 * nor flowing, with unread bytes put back, and has an 'error' listener.
 *
 * @param drainRequested hears the wish of the process to stop where the protocol itself no longer does
 */
export function toSocket(
  transport: Transport,
  drainRequested?: (deadline: number) => void,
): Socket {
  if (transport.detach) return transport.detach();
  const socket = new TransportSocket(transport, drainRequested);
  // A library may attach its own listener late; an 'error' nobody hears would end the process.
  socket.on('error', () => undefined);
  transport.handTo(socket.protocol);
  // It has the members of a socket that libraries use, which is all the type is needed for.
  return socket as unknown as Socket;
}
