import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions, TcpConnectOptions, TcpListenOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { connectProtocol } from './capture.ts';
import {
  type EndpointText,
  formatHostPort,
  formatOptions,
  readHostPort,
  readOptions,
} from './endpoint-text.ts';
import { boolean, integer, type OptionKinds } from './option-kind.ts';

/** What an endpoint says about listening; the signal belongs to the call. */
export type TcpServerPlace = Omit<TcpListenOptions, 'signal'>;
/** What an endpoint says about connecting; the signal belongs to the call. */
export type TcpClientPlace = Omit<TcpConnectOptions, 'signal'>;

const SHARED = {
  maxPendingBytes: integer(1),
  autoCork: boolean,
  noDelay: boolean,
  keepAliveMs: integer(0),
};

/** The options a TCP server endpoint may carry as text. */
export const TCP_SERVER_OPTIONS: OptionKinds<Omit<TcpServerPlace, 'host' | 'port' | 'fd'>> = {
  backlog: integer(1, 65_535),
  ...SHARED,
};

/** The options a TCP client endpoint may carry as text. */
export const TCP_CLIENT_OPTIONS: OptionKinds<Omit<TcpClientPlace, 'host' | 'port' | 'fd'>> = {
  timeoutMs: integer(1),
  ...SHARED,
};

/**
 * How the text of a TCP endpoint begins. `sim` is TCP as well, on whatever reactor it is used: it says to the reader of
 * a configuration that the host is one of a simulation.
 */
export type TcpScheme = 'tcp' | 'sim';

/** Listens on TCP. `tcp://127.0.0.1:8080`, or `tcp://:8080` for every address of both families. */
export class TcpServerEndpoint implements ServerEndpoint {
  readonly place: TcpServerPlace;
  readonly scheme: TcpScheme;

  constructor(place: TcpServerPlace, scheme: TcpScheme = 'tcp') {
    this.place = place;
    this.scheme = scheme;
  }

  listen(reactor: Reactor, factory: FactoryLike, options: OperationOptions = {}): Deferred<Port> {
    return reactor.tcp.listen({ ...this.place, signal: options.signal }, factory);
  }

  toString(): string {
    return formatHostPort(this.scheme, this.place) + formatOptions(this.place, TCP_SERVER_OPTIONS);
  }
}

/** Connects by TCP. `tcp://example.net:25`. */
export class TcpClientEndpoint implements ClientEndpoint {
  readonly place: TcpClientPlace;
  readonly scheme: TcpScheme;

  constructor(place: TcpClientPlace, scheme: TcpScheme = 'tcp') {
    this.place = place;
    this.scheme = scheme;
  }

  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options: OperationOptions = {},
  ): Deferred<P> {
    const place = { ...this.place, signal: options.signal };
    return connectProtocol(factory, (captured) => reactor.tcp.connect(place, captured));
  }

  toString(): string {
    return formatHostPort(this.scheme, this.place) + formatOptions(this.place, TCP_CLIENT_OPTIONS);
  }
}

/** Reads `tcp://...` to listen on. */
export function parseTcpServer(parts: EndpointText): TcpServerEndpoint {
  const place = { ...readHostPort(parts, 0), ...readOptions(parts, TCP_SERVER_OPTIONS) };
  return new TcpServerEndpoint(place, schemeOf(parts));
}

/** Reads `tcp://...` to connect to. */
export function parseTcpClient(parts: EndpointText): TcpClientEndpoint {
  const place = { ...readPeer(parts), ...readOptions(parts, TCP_CLIENT_OPTIONS) };
  return new TcpClientEndpoint(place, schemeOf(parts));
}

/** Reads the host and port to connect to; both are needed. */
export function readPeer(parts: EndpointText): { host: string; port: number } {
  const { host = '', port } = readHostPort(parts, 1);
  return { host, port };
}

function schemeOf({ scheme }: EndpointText): TcpScheme {
  return scheme === 'sim' ? 'sim' : 'tcp';
}
