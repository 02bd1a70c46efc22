import type { Socket } from 'node:net';
import { WireTransport } from '../connection/wire-transport.ts';
import type { Address } from '../contract/address.ts';
import type { Factory } from '../contract/factory.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { StreamOptions } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import { Deferred } from '../deferred/deferred.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError } from '../errors.ts';
import { SocketWire } from './socket-wire.ts';

const DEFAULT_CONNECT_TIMEOUT_MS = 30_000;

/** What {@link dial} needs to know. */
export interface DialParts {
  readonly reactor: Reactor;
  readonly factory: Factory;
  readonly options: StreamOptions & { readonly timeoutMs?: number | undefined };
  /** The address as an error names it. */
  readonly where: string;
  readonly nextId: () => number;
  /** Starts connecting. The socket must allow half-open connections. */
  readonly open: () => Socket;
  readonly ends: (socket: Socket) => { local: Address; peer: Address } | undefined;
}

/** Connects a node socket and gives it to the factory. Settles after `connectionMade`; cancelling destroys it. */
export function dial(parts: DialParts): Deferred<Transport> {
  const { reactor, factory, options, where, nextId, open, ends } = parts;
  const { timeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, maxPendingBytes, autoCork, signal } = options;
  let socket: Socket | undefined;
  const dialled = new Deferred<Transport>({ canceller: () => giveUp() });
  const timer = reactor.clock.callLater(timeoutMs, () => {
    giveUp();
    fail('HAWSER_CONNECT_TIMEOUT', `no answer after ${timeoutMs} ms`);
  });

  socket = open();
  socket.once('connect', connected);
  socket.once('error', failed);

  function giveUp(): void {
    timer.cancel();
    if (!socket) return;
    socket.off('connect', connected);
    // An attempt that is being given up may still fail; that must not crash the process.
    socket.on('error', () => undefined);
    socket.destroy();
  }

  function fail(code: ConnectError['code'], why: string, cause?: Error): void {
    dialled.reject(new ConnectError(code, `Cannot connect to ${where}: ${why}`, { cause }));
  }

  function failed(error: Error): void {
    timer.cancel();
    // The resolver's own error says it better.
    if (error instanceof ConnectError) dialled.reject(error);
    else fail('HAWSER_CONNECT', describe(error), error);
  }

  function connected(): void {
    timer.cancel();
    if (!socket) return;
    const both = ends(socket);
    if (!both) {
      giveUp();
      fail('HAWSER_CONNECT', 'the peer was gone at once');
      return;
    }
    const wire = new SocketWire(socket, both);
    socket.off('error', failed);
    const transport = new WireTransport(reactor, wire, {
      id: nextId(),
      side: 'client',
      maxPendingBytes,
      autoCork,
    });
    if (transport.adopt(factory)) dialled.resolve(transport);
    else fail('HAWSER_REFUSED', `the factory "${factory.name}" refused the connection`);
  }

  return withSignal(dialled, signal);
}

/** Several attempts fail together as an AggregateError without a message. */
function describe(error: Error & { readonly code?: string }): string {
  return error.message || error.code || error.name;
}
