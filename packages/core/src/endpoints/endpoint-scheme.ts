/** What the names in the scheme of an endpoint string may stand for. Registries of them are plain records. */
import type { EndpointText } from './endpoint-text.ts';

/** An endpoint that needs no other, such as `tcp`: the last name of a scheme. */
export interface Carrier<E> {
  /** The names of its options, to tell them from those of prefixes. */
  readonly optionNames: readonly string[];
  /** Whether its place is `//host:port`, which prefixes may have to read as well. @defaultValue false */
  readonly hasHost?: boolean | undefined;
  /** @throws UsageError `HAWSER_BAD_ENDPOINT` */
  parse(parts: EndpointText): E;
}

/** A host to go on to, and who asks. */
export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
}

/** Who a proxy is told that we are. */
export interface Login {
  readonly user: string;
  readonly password: string | undefined;
}

/** What a {@link Prefix} is given to read. */
export interface PrefixText extends Pick<EndpointText, 'text' | 'query'> {
  /** Where a tunnel leads; absent for others. */
  readonly target?: TunnelTarget | undefined;
  readonly login?: Login | undefined;
  /** Where the endpoint inside leads to, if it has a host. */
  readonly leadsTo?: TunnelTarget | undefined;
}

/** How the text of a prefix that goes on to another host differs: `socks5+tcp://user:password@proxy:1080/host:port`. */
export interface TunnelText {
  /** The port of the proxy if the text has none. */
  readonly defaultPort?: number | undefined;
  /** What may stand before the host of the proxy. */
  readonly login: 'none' | 'user' | 'user and password';
}

/** Something around an endpoint, such as `tls+`: any name of a scheme but the last. Left is nearest the wire. */
export interface Prefix<E> {
  /** The names of its options. In the text they may be qualified: `proxy.trust`. */
  readonly optionNames: readonly string[];
  /** Only if it leads on to another host. */
  readonly tunnel?: TunnelText | undefined;
  /** @throws UsageError `HAWSER_BAD_ENDPOINT` */
  wrap(inner: E, parts: PrefixText): E;
}

/** One name of a registry. */
export interface EndpointScheme<E> {
  readonly carrier?: Carrier<E> | undefined;
  readonly prefix?: Prefix<E> | undefined;
  /** What a prefix stands over when it ends a scheme: `tls://` is `tls+tcp://`. */
  readonly over?: string | undefined;
}

/**
 * The names that strings may use. There is no global list: a package adds its own in a new one, as in
 * `parseClientEndpoint(text, { ...clientSchemes, ssh })`.
 */
export type EndpointSchemes<E> = Readonly<Record<string, EndpointScheme<E>>>;

/** A carrier whose options are the keys of `kinds`. */
export function carrier<E>(kinds: object, parse: (parts: EndpointText) => E): EndpointScheme<E> {
  return { carrier: { optionNames: Object.keys(kinds), parse } };
}

/** A {@link carrier} whose place is `//host:port`. */
export function hostCarrier<E>(
  kinds: object,
  parse: (parts: EndpointText) => E,
): EndpointScheme<E> {
  return { carrier: { optionNames: Object.keys(kinds), hasHost: true, parse } };
}
