import {
  asClientEndpoint,
  type ClientEndpoint,
  ConnectError,
  connectOver,
  type Deferred,
  type Factory,
  type Protocol,
  type Reactor,
  SecuringProtocol,
  TcpClientEndpoint,
  TLS,
  type TlsClientOptions,
} from '@hawser/core';
import type { ClientSession } from './client-session.ts';
import { HttpRequestError } from './http-request-error.ts';

/** The server that a URL names. */
export interface Origin {
  readonly scheme: 'http' | 'https';
  /** Without brackets around an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * How a server is reached: an endpoint, its text (`unix:/run/app.sock`, `socks5+tcp://proxy:1080/example.net:443`), or a
 * function that knows one for some origins and gives `undefined` for the others. Connections are shared among requests
 * with the same text, or the same object.
 */
export type EndpointChoice =
  | string
  | ClientEndpoint
  | ((origin: Origin) => string | ClientEndpoint | undefined);

/** Where a request goes. */
export interface Destination {
  readonly origin: Origin;
  /** `undefined` for TCP, to the host and port of the origin. */
  readonly way: string | ClientEndpoint | undefined;
  /** For what only a connection of HTTP/1 can do: to become one of something else. */
  readonly alone?: boolean | undefined;
}

/** The origin of an `http:` or `https:` URL. @throws TypeError for other schemes */
export function originOf(url: URL): Origin {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`Cannot request a URL that is not http: or https:: ${url.protocol}`);
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return { scheme, hostname: url.hostname.replace(/^\[|\]$/g, ''), port };
}

/** How `origin` is reached, if that is chosen by `choice`. */
export function destinationOf(origin: Origin, choice: EndpointChoice | undefined): Destination {
  return { origin, way: typeof choice === 'function' ? choice(origin) : choice };
}

/** The endpoint of a destination. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function endpointOf({ origin, way }: Destination, connectMs: number): ClientEndpoint {
  if (way !== undefined) return asClientEndpoint(way);
  const { hostname: host, port } = origin;
  return new TcpClientEndpoint({ host, port, ...(connectMs > 0 ? { timeoutMs: connectMs } : {}) });
}

/** What {@link dial} needs. */
export interface DialOptions {
  readonly connectMs: number;
  readonly secured: TlsClientOptions;
  /** Makes the session of a new connection. */
  readonly make: (protocol: string | undefined) => Protocol & ClientSession;
  /** ALPN names that `make` knows, best first. */
  readonly protocols: readonly string[];
}

/**
 * Makes one connection, with TLS for `https` unless the endpoint has brought it.
 * @throws HttpRequestError of phase `connect`, with the code of the ConnectError that is its cause
 */
export function dial(
  reactor: Reactor,
  { origin, endpoint }: { readonly origin: Origin; readonly endpoint: ClientEndpoint },
  options: DialOptions,
): Deferred<Protocol & ClientSession> {
  const { connectMs, secured, make, protocols } = options;
  const factory: Factory<Protocol & ClientSession> = {
    name: 'http client',
    acceptableProtocols: protocols,
    buildProtocol: (incoming) => make(incoming.info(TLS)?.alpn),
  };
  const where = `${origin.scheme}://${origin.hostname}:${origin.port}`;
  const connecting =
    origin.scheme === 'http'
      ? endpoint.connect(reactor, factory)
      : connectOver({
          reactor,
          inner: endpoint,
          factory,
          where,
          code: 'HAWSER_TLS_HANDSHAKE',
          between: (upper) => ({
            name: `tls > ${upper.name}`,
            acceptableProtocols: protocols,
            buildProtocol: (incoming) =>
              incoming.info(TLS)
                ? upper.buildProtocol(incoming)
                : new SecuringProtocol((under) =>
                    under.reactor.tls.startClient(under, secured, upper),
                  ),
          }),
        });
  const timely = connectMs > 0 ? connecting.timeout(connectMs, reactor.clock) : connecting;
  return timely.addErrback((cause) => {
    throw connectFailure(cause, where);
  });
}

/** A connection that could not be made, as whoever asked is told. */
function connectFailure(cause: unknown, where: string): unknown {
  if (!(cause instanceof Error) || !('code' in cause)) return cause;
  const known = cause instanceof ConnectError || cause.code === 'HAWSER_TIMEOUT';
  if (!known) return cause;
  const code = cause instanceof ConnectError ? cause.code : 'HAWSER_CONNECT_TIMEOUT';
  const text = `Cannot request anything of ${where}: ${cause.message}`;
  return new HttpRequestError(code, text, { phase: 'connect', sent: 'nothing', cause });
}
