import { toFactory } from '../connection/factory.ts';
import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { TlsClientOptions, TlsOptions, TlsServerOptions } from '../contract/tls.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { tls } from '../layers/transform/tls.ts';
import {
  badEndpoint,
  type EndpointText,
  formatHostPort,
  formatOptions,
  readHostPort,
  readOptions,
} from './endpoint-text.ts';
import { boolean, integer, names, nonEmpty, type OptionKinds, oneOf } from './option-kind.ts';
import {
  readPeer,
  TCP_CLIENT_OPTIONS,
  TCP_SERVER_OPTIONS,
  type TcpClientPlace,
  type TcpServerPlace,
} from './tcp-endpoint.ts';
import { connectTls } from './tls-connect.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

/** What both sides may say about TLS besides files. */
interface TlsDetails extends Pick<TlsOptions, 'alpn' | 'handshakeTimeoutMs'> {
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/** Where to listen, and the certificate to show. */
export interface TlsServerPlace extends TcpServerPlace, TlsFiles, TlsDetails {
  /** Path of the PEM file with the certificate and its chain. */
  readonly cert: string;
  /** Path of the PEM file with the private key. */
  readonly key: string;
}

/** Where to connect, and whom to trust. */
export interface TlsClientPlace
  extends TcpClientPlace,
    TlsFiles,
    TlsDetails,
    Pick<TlsClientOptions, 'serverName' | 'verify'> {}

const VERSION = oneOf('TLSv1.2', 'TLSv1.3');
const SHARED: OptionKinds<TlsFiles & TlsDetails> = {
  cert: nonEmpty,
  key: nonEmpty,
  ca: nonEmpty,
  alpn: names,
  minVersion: VERSION,
  maxVersion: VERSION,
  handshakeTimeoutMs: integer(1),
};
const SERVER_OPTIONS: OptionKinds<Omit<TlsServerPlace, 'host' | 'port' | 'fd'>> = {
  ...SHARED,
  cert: nonEmpty,
  key: nonEmpty,
  ...TCP_SERVER_OPTIONS,
};
const CLIENT_OPTIONS: OptionKinds<Omit<TlsClientPlace, 'host' | 'port' | 'fd'>> = {
  ...SHARED,
  serverName: nonEmpty,
  verify: boolean,
  ...TCP_CLIENT_OPTIONS,
};

/**
 * Listens on TCP with TLS: a TCP endpoint with the `tls` layer. `tls://:443?cert=cert.pem&key=key.pem`. The files are
 * read by `listen`; one that cannot be used is a `UsageError` that names it.
 */
export class TlsServerEndpoint implements ServerEndpoint {
  readonly place: TlsServerPlace;

  constructor(place: TlsServerPlace) {
    this.place = place;
  }

  listen(reactor: Reactor, factory: FactoryLike, options: OperationOptions = {}): Deferred<Port> {
    const { cert, key, ca, alpn, minVersion, maxVersion, handshakeTimeoutMs, ...tcp } = this.place;
    const wanted = { alpn, minVersion, maxVersion, handshakeTimeoutMs };
    let secured: TlsServerOptions;
    try {
      const paths = { cert, key, ca };
      secured = readTlsFiles(String(this), paths, { options: given(wanted), tls: reactor.tls });
    } catch (error) {
      return fail(error);
    }
    return reactor.tcp.listen({ ...tcp, signal: options.signal }, tls(secured)(toFactory(factory)));
  }

  toString(): string {
    return formatHostPort('tls', this.place) + formatOptions(this.place, SERVER_OPTIONS);
  }
}

/**
 * Connects by TCP with TLS. `tls://example.net:993`. The certificate must be good for the host, or for `serverName`.
 */
export class TlsClientEndpoint implements ClientEndpoint {
  readonly place: TlsClientPlace;

  constructor(place: TlsClientPlace) {
    this.place = place;
  }

  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options: OperationOptions = {},
  ): Deferred<P> {
    const {
      cert,
      key,
      ca,
      alpn,
      minVersion,
      maxVersion,
      handshakeTimeoutMs,
      verify,
      serverName,
      ...tcp
    } = this.place;
    const name = serverName ?? tcp.host;
    const wanted = { alpn, minVersion, maxVersion, handshakeTimeoutMs, verify, serverName: name };
    let secured: TlsClientOptions;
    try {
      const paths = { cert, key, ca };
      secured = readTlsFiles(String(this), paths, { options: given(wanted), tls: reactor.tls });
    } catch (error) {
      return fail(error);
    }
    const place = { ...tcp, signal: options.signal };
    return connectTls(reactor, toFactory(factory), {
      place,
      secured,
      where: formatHostPort('tls', tcp),
    });
  }

  toString(): string {
    return formatHostPort('tls', this.place) + formatOptions(this.place, CLIENT_OPTIONS);
  }
}

/** Reads `tls://...` to listen on. */
export function parseTlsServer(parts: EndpointText): TlsServerEndpoint {
  const place = { ...readHostPort(parts, 0), ...readOptions(parts, SERVER_OPTIONS) };
  for (const name of ['cert', 'key'] as const) {
    if (place[name] === undefined) {
      throw badEndpoint(parts.text, `option "${name}" is missing: write ${name}=path`);
    }
  }
  return new TlsServerEndpoint(place);
}

/** Reads `tls://...` to connect to. */
export function parseTlsClient(parts: EndpointText): TlsClientEndpoint {
  return new TlsClientEndpoint({ ...readPeer(parts), ...readOptions(parts, CLIENT_OPTIONS) });
}

/** Without the options that were left out: OpenSSL tells `undefined` from missing. */
function given<T extends object>(options: T): T {
  const pairs = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as T;
}
