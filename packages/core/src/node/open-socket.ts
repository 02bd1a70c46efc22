import type { Socket } from 'node:net';
import { Deferred } from '../deferred/deferred.ts';
import type { ConnectionBudget } from './connection-budget.ts';

/**
 * Waits for a socket that `open` has started to connect, and that has a place in `budget` until it closes. Cancelling
 * destroys it.
 */
export function openSocket(open: () => Socket, budget: ConnectionBudget): Deferred<Socket> {
  let socket: Socket | undefined;
  const opened = new Deferred<Socket>({
    canceller: () => socket && destroyQuietly(socket),
    where: 'connecting',
  });
  if (!budget.take()) {
    opened.reject(budget.connectError());
    return opened;
  }
  try {
    socket = open();
    socket.once('close', () => budget.release());
  } catch (thrown) {
    // Such as a port out of range.
    budget.release();
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
