/** TLS over any endpoint: the TLS endpoints, which are made for TCP, over something else. */
import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { badEndpoint } from './bad-endpoint.ts';
import type { EndpointScheme, Prefix } from './endpoint-scheme.ts';
import { formatOptions, readOptions } from './endpoint-text.ts';
import {
  TCP_CLIENT_OPTIONS,
  TCP_SERVER_OPTIONS,
  type TcpClientPlace,
  type TcpServerPlace,
} from './tcp-endpoint.ts';
import { reactorOver } from './tcp-over.ts';
import {
  TLS_CLIENT_OPTIONS,
  TLS_SERVER_OPTIONS,
  TlsClientEndpoint,
  type TlsClientPlace,
  TlsServerEndpoint,
  type TlsServerPlace,
} from './tls-endpoint.ts';
import { addPrefix } from './tunnel-text.ts';

/** What a {@link SecuredServerEndpoint} says: the options of TLS, without those of TCP. */
export interface SecuredServerPlace extends Omit<TlsServerPlace, keyof TcpServerPlace> {
  readonly inner: ServerEndpoint;
}

/** What a {@link SecuredClientEndpoint} says: the options of TLS, without those of TCP. */
export interface SecuredClientPlace extends Omit<TlsClientPlace, keyof TcpClientPlace> {
  readonly inner: ClientEndpoint;
  /** Who is at the far end: the name to verify, unless `serverName` says otherwise. */
  readonly host: string;
  /** Only for errors. */
  readonly port: number;
}

/** Listens with TLS on top of another endpoint: `proxy+tls+tcp://:443?cert=...`. Otherwise as `TlsServerEndpoint`. */
export class SecuredServerEndpoint implements ServerEndpoint {
  readonly place: SecuredServerPlace;
  readonly #endpoint: TlsServerEndpoint;

  constructor(place: SecuredServerPlace) {
    const { inner: _, ...secured } = place;
    this.place = place;
    this.#endpoint = new TlsServerEndpoint({ ...secured, port: 0 });
  }

  listen(reactor: Reactor, factory: FactoryLike, options?: OperationOptions): Deferred<Port> {
    const { inner } = this.place;
    return this.#endpoint.listen(reactorOver(reactor, { server: inner }), factory, options);
  }

  toString(): string {
    const { inner, ...secured } = this.place;
    const options = formatOptions(secured, TLS_SERVER_OPTIONS);
    return addPrefix(String(inner), { name: 'tls', options });
  }
}

/**
 * Connects with TLS on top of another endpoint, such as a tunnel: `socks5+tls+tcp://proxy:1080/example.net:993`. The
 * certificate must be good for `host`, the far end. Otherwise as `TlsClientEndpoint`.
 */
export class SecuredClientEndpoint implements ClientEndpoint {
  readonly place: SecuredClientPlace;
  /** One for all connections, as it may know sessions to take up again. */
  readonly #endpoint: TlsClientEndpoint;

  constructor(place: SecuredClientPlace) {
    const { inner: _, ...secured } = place;
    this.place = place;
    this.#endpoint = new TlsClientEndpoint(secured);
  }

  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options?: OperationOptions,
  ): Deferred<P> {
    const { inner } = this.place;
    return this.#endpoint.connect(reactorOver(reactor, { client: inner }), factory, options);
  }

  toString(): string {
    const { inner, ...secured } = this.place;
    const options = formatOptions(secured, TLS_CLIENT_OPTIONS);
    return addPrefix(String(inner), { name: 'tls', options });
  }
}

const serverPrefix: Prefix<ServerEndpoint> = {
  optionNames: without(TLS_SERVER_OPTIONS, TCP_SERVER_OPTIONS),
  wrap: (inner, parts) =>
    new SecuredServerEndpoint({
      inner,
      ...readOptions(parts, TLS_SERVER_OPTIONS, ['cert', 'key']),
    }),
};

const clientPrefix: Prefix<ClientEndpoint> = {
  optionNames: without(TLS_CLIENT_OPTIONS, TCP_CLIENT_OPTIONS),
  wrap(inner, parts) {
    const options = readOptions(parts, TLS_CLIENT_OPTIONS);
    const { leadsTo, text } = parts;
    const host = leadsTo?.host ?? options.serverName;
    if (host === undefined && options.verify !== false) {
      const why = 'option "serverName" is missing as there is no host to verify';
      throw badEndpoint(text, `${why}: write tls.serverName=...`);
    }
    const { port = 0 } = leadsTo ?? {};
    return new SecuredClientEndpoint({ inner, ...options, host: host ?? '', port });
  },
};

/** The prefix `tls+` to listen. */
export const tlsServerScheme: EndpointScheme<ServerEndpoint> = {
  prefix: serverPrefix,
  over: 'tcp',
};
/** The prefix `tls+` to connect. */
export const tlsClientScheme: EndpointScheme<ClientEndpoint> = {
  prefix: clientPrefix,
  over: 'tcp',
};

function without(all: object, some: object): string[] {
  return Object.keys(all).filter((name) => !Object.hasOwn(some, name));
}
