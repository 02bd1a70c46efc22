import type { Socket } from 'node:net';
import { Deferred } from '../deferred/deferred.ts';

/** Waits for a socket that `open` has started to connect. Cancelling destroys it. */
export function openSocket(open: () => Socket): Deferred<Socket> {
  let socket: Socket | undefined;
  const opened = new Deferred<Socket>({
    canceller: () => socket && destroyQuietly(socket),
    where: 'connecting',
  });
  try {
    socket = open();
  } catch (thrown) {
    // Such as a port out of range.
    opened.reject(thrown);
    return opened;
  }
  const connecting = socket;
  const failed = (error: Error): void => {
    connecting.off('connect', connected);
    opened.reject(error);
  };
  const connected = (): void => {
    opened.resolve(connecting);
    connecting.off('error', failed);
  };
  connecting.once('connect', connected);
  connecting.once('error', failed);
  return opened;
}

/** Closes a socket that nobody wants. What it has to say about that must not crash the process. */
export function destroyQuietly(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.destroy();
}
