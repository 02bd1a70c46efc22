import type { Socket } from 'node:net';
import { WireTransport } from '../connection/wire-transport.ts';
import type { Factory } from '../contract/factory.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { StreamOptions } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError, HawserError, TimeoutError, toError } from '../errors.ts';
import { destroyQuietly } from './open-socket.ts';
import type { Ends } from './socket-address.ts';
import { SocketWire } from './socket-wire.ts';

/** What {@link dial} needs to know. */
export interface DialParts {
  readonly reactor: Reactor;
  readonly factory: Factory;
  readonly options: StreamOptions;
  /** The address as an error names it. */
  readonly where: string;
  readonly nextId: () => number;
  /** A socket on its way, which must allow half-open connections. Cancelling it destroys the socket. */
  readonly connecting: Deferred<Socket>;
  readonly ends: (socket: Socket) => Ends | undefined;
}

/** Gives the socket to the factory, in the turn it connects. Settles after `connectionMade`. */
export function dial(parts: DialParts): Deferred<Transport> {
  const { reactor, factory, options, where, nextId, connecting, ends } = parts;
  const { maxPendingBytes, autoCork, signal } = options;
  const opened = connecting.addErrback((error) => {
    throw connectError(where, error);
  });
  const dialled = opened.addCallback((socket): Transport => {
    const both = ends(socket);
    if (!both) {
      destroyQuietly(socket);
      throw failure('HAWSER_CONNECT', where, 'the peer was gone at once');
    }
    const transport = new WireTransport(reactor, new SocketWire(socket, both), {
      id: nextId(),
      side: 'client',
      maxPendingBytes,
      autoCork,
    });
    if (transport.adopt(factory)) return transport;
    throw failure('HAWSER_REFUSED', where, `the factory "${factory.name}" refused the connection`);
  });
  return withSignal(dialled, signal);
}

/** What went wrong with the socket, in our words; what is in our words already stays. */
function connectError(where: string, error: unknown): unknown {
  if (error instanceof TimeoutError) {
    return failure('HAWSER_CONNECT_TIMEOUT', where, error.message, error);
  }
  if (error instanceof HawserError) return error;
  const cause = toError(error);
  return failure('HAWSER_CONNECT', where, cause.message, cause);
}

function failure(
  code: ConnectError['code'],
  where: string,
  why: string,
  cause?: Error,
): ConnectError {
  return new ConnectError(code, `Cannot connect to ${where}: ${why}`, { cause });
}
