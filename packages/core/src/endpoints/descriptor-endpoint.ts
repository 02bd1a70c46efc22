/** Sockets that somebody else has bound: `fd:3` by number, `systemd:web` by the name it was given. */

import { DescriptorKindError } from '../connection/descriptor-kind-error.ts';
import type { ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions, TcpListenOptions } from '../contract/tcp.ts';
import type { DatagramPort, DatagramProtocol, UdpBindOptions } from '../contract/udp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { badEndpoint } from './bad-endpoint.ts';
import {
  decode,
  type EndpointText,
  escape,
  formatOptions,
  readOptions,
  splitEndpoint,
} from './endpoint-text.ts';
import {
  giveBackInherited,
  type InheritedDescriptor,
  inheritedDescriptors,
  takeInherited,
} from './inherited-descriptors.ts';
import { boolean, integer, type OptionKinds } from './option-kind.ts';

/** Which socket: a descriptor, or the name (or number, from 0) of an inherited one. */
export type DescriptorSource =
  | { readonly fd: number; readonly name?: undefined }
  | { readonly name: string; readonly fd?: undefined };

/** What a {@link DescriptorEndpoint} says; the signal belongs to the call. */
export type DescriptorPlace = DescriptorSource &
  Omit<TcpListenOptions, 'host' | 'port' | 'fd' | 'signal'>;
/** What a {@link UdpDescriptorEndpoint} says; the signal belongs to the call. */
export type UdpDescriptorPlace = DescriptorSource &
  Omit<UdpBindOptions, 'host' | 'port' | 'fd' | 'signal'>;

const STREAM_OPTIONS: OptionKinds<Omit<TcpListenOptions, 'host' | 'port' | 'fd' | 'signal'>> = {
  backlog: integer(1, 65_535),
  maxPendingBytes: integer(1),
  autoCork: boolean,
  noDelay: boolean,
  keepAliveMs: integer(0),
};
const UDP_OPTIONS: OptionKinds<Omit<UdpBindOptions, 'host' | 'port' | 'fd' | 'signal'>> = {
  receiveBufferBytes: integer(1),
  maxSendQueueBytes: integer(1),
};

/**
 * Listens on a TCP or Unix socket that listens already. `systemd:web` takes the first stream socket of that name that
 * nobody has taken; the environment is read when it listens, not before. A socket can be listened on once.
 *
 * @throws ListenError `HAWSER_ADDRESS_NOT_AVAILABLE` if nothing of that name was inherited, `HAWSER_LISTEN` if it is no
 * stream socket
 * @throws UsageError `HAWSER_BUSY` if it was listened on already
 */
export class DescriptorEndpoint implements ServerEndpoint {
  readonly place: DescriptorPlace;

  constructor(place: DescriptorPlace) {
    this.place = place;
  }

  listen(
    reactor: Pick<Reactor, 'tcp' | 'unix'>,
    factory: FactoryLike,
    options: OperationOptions = {},
  ): Deferred<Port> {
    const { fd: _, name: __, ...stream } = this.place;
    const shared = { ...stream, signal: options.signal };
    return firstOfItsKind({ source: this.place, where: String(this) }, ({ fd, path }) =>
      reactor.tcp.listen({ ...shared, port: 0, fd }, factory).addErrback((error) => {
        if (!(error instanceof DescriptorKindError)) throw error;
        return reactor.unix.listen({ ...shared, path, fd }, factory);
      }),
    );
  }

  toString(): string {
    return formatSource(this.place) + formatOptions(this.place, STREAM_OPTIONS);
  }
}

/**
 * Receives on a UDP socket that is bound already. Otherwise as {@link DescriptorEndpoint}: a TCP and a UDP socket may
 * have the same name.
 */
export class UdpDescriptorEndpoint {
  readonly place: UdpDescriptorPlace;

  constructor(place: UdpDescriptorPlace) {
    this.place = place;
  }

  bind(
    reactor: Pick<Reactor, 'udp'>,
    protocol: DatagramProtocol,
    options: OperationOptions = {},
  ): Deferred<DatagramPort> {
    const { fd: _, name: __, ...datagram } = this.place;
    const shared = { ...datagram, signal: options.signal };
    return firstOfItsKind({ source: this.place, where: String(this) }, ({ fd }) =>
      reactor.udp.bind({ ...shared, port: 0, fd }, protocol),
    );
  }

  toString(): string {
    return formatSource(this.place) + formatOptions(this.place, UDP_OPTIONS);
  }
}

/** Reads `fd:3` or `systemd:web` to listen on. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function parseDescriptorServer(parts: EndpointText): DescriptorEndpoint {
  return new DescriptorEndpoint({ ...readSource(parts), ...readOptions(parts, STREAM_OPTIONS) });
}

/** Reads `fd:3` or `systemd:dns` to receive on. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function parseUdpDescriptor(text: string): UdpDescriptorEndpoint {
  const parts = splitEndpoint(text);
  return new UdpDescriptorEndpoint({ ...readSource(parts), ...readOptions(parts, UDP_OPTIONS) });
}

interface Wanted {
  readonly source: DescriptorSource;
  /** The endpoint as an error names it. */
  readonly where: string;
}

/** Tries the sockets that may be meant until one is of the right kind. */
function firstOfItsKind<P>(
  { source, where }: Wanted,
  adopt: (descriptor: InheritedDescriptor) => Deferred<P>,
): Deferred<P> {
  if (source.fd !== undefined) return adopt({ fd: source.fd, name: '', path: '' });
  try {
    return tryEach(inheritedDescriptors(source.name, { where }), adopt);
  } catch (error) {
    return fail(error);
  }
}

function tryEach<P>(
  [first, ...others]: readonly [InheritedDescriptor, ...InheritedDescriptor[]],
  adopt: (descriptor: InheritedDescriptor) => Deferred<P>,
): Deferred<P> {
  // At once, so that who asks for the same name meanwhile gets the next one.
  takeInherited(first);
  return adopt(first).addErrback((error) => {
    // Adopted and lost is lost; what is of another kind was not touched.
    if (!(error instanceof DescriptorKindError)) throw error;
    giveBackInherited(first);
    const [second, ...rest] = others;
    if (!second) throw error;
    return tryEach([second, ...rest], adopt);
  });
}

function readSource(parts: EndpointText): DescriptorSource {
  const { text, scheme, place } = parts;
  if (scheme === 'fd') {
    const fd = Number(place);
    if (!/^\d{1,9}$/.test(place) || fd < 3) {
      throw badEndpoint(text, `descriptor must be a number from 3: ${JSON.stringify(place)}`);
    }
    return { fd };
  }
  if (scheme !== 'systemd') throw badEndpoint(text, `scheme must be fd or systemd: "${scheme}"`);
  const name = decode(text, 'name', place);
  if (name === '') throw badEndpoint(text, 'name is missing: write systemd:web');
  if (!/^[\x21-\x39\x3b-\x7e]{1,255}$/.test(name)) {
    throw badEndpoint(text, `name must be ASCII without colons: ${JSON.stringify(name)}`);
  }
  return { name };
}

function formatSource({ fd, name }: DescriptorSource): string {
  return fd === undefined ? `systemd:${escape(name)}` : `fd:${fd}`;
}
