import type { ByteQueue } from '../bytes/byte-queue.ts';
import { ConnectError, ProtocolError } from '../errors.ts';

/** What to do next in the dialogue with a proxy: wait for bytes, send some, or begin to use the tunnel. */
export type HandshakeStep =
  | { readonly at: 'more' }
  | { readonly at: 'send'; readonly data: Buffer }
  | { readonly at: 'open' };

/** The dialogue that makes a proxy open a tunnel: one object a connection, without I/O. */
export interface TunnelHandshake {
  /** What to send first. */
  start(): Buffer;
  /**
   * Takes what it understands out of `received`; what is left when it is open came through the tunnel. Called again
   * until it wants more.
   * @throws ConnectError `HAWSER_PROXY` if the proxy says no, ProtocolError `HAWSER_PROXY` if it makes no sense
   */
  next(received: ByteQueue): HandshakeStep;
}

export const MORE: HandshakeStep = { at: 'more' };
export const OPEN: HandshakeStep = { at: 'open' };

/** The proxy understood and will not. */
export function refusedByProxy(why: string): ConnectError {
  return new ConnectError('HAWSER_PROXY', `the proxy refused: ${why}`);
}

/** The proxy is none, or a broken one. */
export function brokenProxy(rule: string): ProtocolError {
  return new ProtocolError('HAWSER_PROXY', `the answer of the proxy is not understood: ${rule}`);
}
