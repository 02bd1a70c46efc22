import { toFactory } from '../connection/factory.ts';
import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Layer } from '../contract/layer.ts';
import type { Port } from '../contract/port.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { TlsClientOptions, TlsOptions } from '../contract/tls.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { badEndpoint } from './bad-endpoint.ts';
import {
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
import { type TlsServerText, tlsServerLayer } from './tls-server-layer.ts';

/** What both sides may say about TLS besides files. */
interface TlsDetails extends Pick<TlsOptions, 'alpn' | 'ciphers' | 'handshakeTimeoutMs'> {
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/** Where to listen, and the certificate to show. */
export interface TlsServerPlace
  extends TcpServerPlace,
    TlsDetails,
    Pick<TlsServerText, 'cert' | 'key' | 'ca' | 'clientCertificates' | 'reload'> {}

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
  ciphers: nonEmpty,
  handshakeTimeoutMs: integer(1),
};
/** The options a TLS server endpoint may carry as text, those of TCP included. */
export const TLS_SERVER_OPTIONS: OptionKinds<Omit<TlsServerPlace, 'host' | 'port' | 'fd'>> = {
  ...SHARED,
  cert: nonEmpty,
  key: nonEmpty,
  clientCertificates: oneOf('request', 'require'),
  reload: oneOf('poll', 'SIGHUP', 'never'),
  ...TCP_SERVER_OPTIONS,
};
/** The options a TLS client endpoint may carry as text, those of TCP included. */
export const TLS_CLIENT_OPTIONS: OptionKinds<Omit<TlsClientPlace, 'host' | 'port' | 'fd'>> = {
  ...SHARED,
  serverName: nonEmpty,
  verify: boolean,
  ...TCP_CLIENT_OPTIONS,
};

/**
 * Listens on TCP with TLS: a TCP endpoint with the `tls` layer. `tls://:443?cert=cert.pem&key=key.pem`. The files are
 * read by `listen`; one that cannot be used is a `UsageError` that names it. While the port is open a certificate that
 * was renewed is served from the next handshake on: {@link CertificateReload}.
 */
export class TlsServerEndpoint implements ServerEndpoint {
  readonly place: TlsServerPlace;

  constructor(place: TlsServerPlace) {
    this.place = place;
  }

  listen(reactor: Reactor, factory: FactoryLike, options: OperationOptions = {}): Deferred<Port> {
    const { cert, key, ca, clientCertificates, reload, ...rest } = this.place;
    const { details, tcp } = apart(rest);
    let layer: Layer;
    try {
      const text = given({ ...details, cert, key, ca, clientCertificates, reload });
      layer = tlsServerLayer(text, { reactor, where: String(this) });
    } catch (error) {
      return fail(error, { reports: reactor.reports, where: 'listen' });
    }
    return reactor.tcp.listen({ ...tcp, signal: options.signal }, layer(toFactory(factory)));
  }

  toString(): string {
    return formatHostPort('tls', this.place) + formatOptions(this.place, TLS_SERVER_OPTIONS);
  }
}

/**
 * Connects by TCP with TLS. `tls://example.net:993`. The certificate must be good for the host, or for `serverName`.
 */
export class TlsClientEndpoint implements ClientEndpoint {
  readonly place: TlsClientPlace;
  /** The same object as long as the files are the same, as sessions are taken up again by it. */
  #secured: TlsClientOptions | undefined;

  constructor(place: TlsClientPlace) {
    this.place = place;
  }

  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options: OperationOptions = {},
  ): Deferred<P> {
    const { cert, key, ca, verify, serverName, ...rest } = this.place;
    const { details, tcp } = apart(rest);
    try {
      this.#secured = readTlsFiles<TlsClientOptions>(
        String(this),
        { cert, key, ca },
        {
          options: given({ ...details, verify, serverName: serverName ?? tcp.host }),
          tls: reactor.tls,
          known: this.#secured,
        },
      );
    } catch (error) {
      return fail(error, { reports: reactor.reports, where: 'connect' });
    }
    return connectTls(reactor, toFactory(factory), {
      place: { ...tcp, signal: options.signal },
      secured: this.#secured,
      where: formatHostPort('tls', tcp),
    });
  }

  toString(): string {
    return formatHostPort('tls', this.place) + formatOptions(this.place, TLS_CLIENT_OPTIONS);
  }
}

/** Reads `tls://...` to listen on. */
export function parseTlsServer(parts: EndpointText): TlsServerEndpoint {
  const place = { ...readHostPort(parts, 0), ...readOptions(parts, TLS_SERVER_OPTIONS) };
  for (const name of ['cert', 'key'] as const) {
    if (place[name] === undefined) {
      throw badEndpoint(parts.text, `option "${name}" is missing: write ${name}=path`);
    }
  }
  if (place.clientCertificates && place.ca === undefined) {
    throw badEndpoint(parts.text, 'option "ca" is missing: "clientCertificates" needs it');
  }
  return new TlsServerEndpoint(place);
}

/** Reads `tls://...` to connect to. */
export function parseTlsClient(parts: EndpointText): TlsClientEndpoint {
  return new TlsClientEndpoint({ ...readPeer(parts), ...readOptions(parts, TLS_CLIENT_OPTIONS) });
}

/** What is for TLS, and what is for TCP. */
function apart<T extends TlsDetails>(
  place: T,
): { readonly details: TlsDetails; readonly tcp: Omit<T, keyof TlsDetails> } {
  const { alpn, ciphers, minVersion, maxVersion, handshakeTimeoutMs, ...tcp } = place;
  return { details: { alpn, ciphers, minVersion, maxVersion, handshakeTimeoutMs }, tcp };
}

/** Without the options that were left out: OpenSSL tells `undefined` from missing. */
function given<T extends object>(options: T): T {
  const pairs = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as T;
}
