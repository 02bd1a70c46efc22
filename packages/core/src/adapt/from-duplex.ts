import type { Duplex } from 'node:stream';
import { toFactory } from '../connection/factory.ts';
import { WireTransport } from '../connection/wire-transport.ts';
import type { Address } from '../contract/address.ts';
import type { FactoryLike, Incoming } from '../contract/factory.ts';
import type { InfoKey } from '../contract/info.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { StreamOptions } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import { DuplexWire } from './duplex-wire.ts';

/** Options for {@link fromDuplex}. */
export interface FromDuplexOptions extends Omit<StreamOptions, 'signal'> {
  /** Who opened it: the peer (`server`) or this side (`client`). */
  readonly side: Incoming['side'];
  /** @defaultValue `{ kind: 'memory', name: 'duplex' }` */
  readonly local?: Address | undefined;
  /** @defaultValue `{ kind: 'memory', name: 'duplex' }` */
  readonly peer?: Address | undefined;
  /** Facts about it, for `transport.info`. */
  readonly info?: ReadonlyMap<InfoKey<unknown>, unknown> | undefined;
  /** The connection it runs through, if it is the only one there: its id, context and facts are this one's as well. */
  readonly below?: Transport | undefined;
}

const NOWHERE: Address = { kind: 'memory', name: 'duplex' };

/**
 * A node stream as a transport: an SSH channel, an HTTP CONNECT tunnel, a WebSocket, the standard streams of a child
 * (`Duplex.from({ readable, writable })`). `factory` builds the protocol, which has had its `connectionMade` when this
 * returns, or was refused. Nobody else may read or write the stream from now on. It must emit 'close'.
 *
 * An abort destroys the stream with an error; whether the peer sees a reset is up to the stream. A stream that closes
 * before its end of input counts as reset.
 *
 * @throws TypeError if what is written to it is in object mode, as limits are in bytes
 */
export function fromDuplex(
  reactor: Reactor,
  duplex: Duplex,
  options: FromDuplexOptions,
  factory: FactoryLike,
): Transport {
  const { side, local = NOWHERE, peer = NOWHERE, info, below, maxPendingBytes, autoCork } = options;
  if (duplex.writableObjectMode) {
    throw new TypeError('Cannot use a stream as a transport as it counts objects, not bytes');
  }
  const wire = new DuplexWire(reactor.clock, duplex, { local, peer });
  const transport = new WireTransport(reactor, wire, {
    id: below?.id ?? nextId(reactor),
    side,
    maxPendingBytes,
    autoCork,
    info,
    below,
  });
  transport.adopt(toFactory(factory));
  return transport;
}

const lastIds = new WeakMap<Reactor, number>();

/** Below zero, where they meet none of the reactor's own. */
function nextId(reactor: Reactor): number {
  const id = (lastIds.get(reactor) ?? 0) - 1;
  lastIds.set(reactor, id);
  return id;
}
