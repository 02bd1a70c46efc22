import { stack } from '../../src/connection/stack.ts';
import type { Layer } from '../../src/contract/layer.ts';
import type { Port } from '../../src/contract/port.ts';
import type { SocketKind } from './socket-harness.ts';

const host = '127.0.0.1';

/** TCP on loopback, with `layers` at both ends. */
export function tcpKind(...layers: readonly Layer[]): SocketKind {
  const layered = stack(...layers);
  return {
    can: new Set([
      'resets',
      'quietStart',
      'halfCloses',
      ...(layers.length === 0 ? (['detaches'] as const) : []),
      'limitsPending',
      'countsWrites',
      'bulk',
    ]),
    listen: (reactor, factory, options) =>
      reactor.tcp.listen({ host, port: 0, ...options }, layered(factory)),
    connect: (reactor, port, { factory, options }) =>
      reactor.tcp.connect({ host, port: portOf(port), ...options }, layered(factory)),
  };
}

export function portOf({ address }: Port): number {
  if (!('port' in address)) throw new TypeError(`Cannot connect to ${address.kind} by port`);
  return address.port;
}
