// Whom to ask: a server with the way to reach it.
import { formatIp, parseIp, type TlsClientOptions } from '@hawser/core';
import { usageError } from '../errors.ts';

/** How to reach a server. `udp` goes over to TCP by itself where a reply is truncated. */
export type DnsClientTransport = 'udp' | 'tcp' | 'tls' | 'https';

/** A server to ask. */
export interface DnsServerOptions {
  /** An IP address, or a name that the resolver of the reactor knows. */
  readonly host: string;
  /** @defaultValue 53, for `tls` 853, for `https` 443 */
  readonly port?: number | undefined;
  /** @defaultValue 'udp' */
  readonly transport?: DnsClientTransport | undefined;
  /** For `tls` and `https`: the name its certificate must be good for. @defaultValue `host` */
  readonly serverName?: string | undefined;
  /**
   * For `tls`: authorities, a client certificate. `verify: false` is opportunistic privacy (RFC 7858 §4.1): encrypted, with
   * whoever it is. Sessions are taken up again where the same object is given again.
   */
  readonly tls?: TlsClientOptions | undefined;
  /** For `https`: the path of the service (RFC 8484 §4.1). @defaultValue '/dns-query' */
  readonly path?: string | undefined;
}

/**
 * A server, or its text: `"192.0.2.1"`, `"192.0.2.1:5353"`, `"[2001:db8::1]:53"`, `"tcp://192.0.2.1"`,
 * `"tls://192.0.2.1#dns.example.net"` with the name of its certificate, `"https://dns.example.net/dns-query"`.
 */
export type DnsServerLike = string | DnsServerOptions;

/** A server with everything filled in. */
export interface DnsServer {
  readonly host: string;
  /** The family of `host`; undefined for a name. */
  readonly family: 4 | 6 | undefined;
  readonly port: number;
  readonly transport: DnsClientTransport;
  readonly serverName: string;
  readonly tls: TlsClientOptions;
  readonly path: string;
  /** How errors name it, such as `"tcp://192.0.2.1:53"`. */
  readonly text: string;
}

const PORTS: Readonly<Record<DnsClientTransport, number>> = {
  udp: 53,
  tcp: 53,
  tls: 853,
  https: 443,
};

/**
 * The server that `like` means.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 */
export function toDnsServer(like: DnsServerLike): DnsServer {
  const given = typeof like === 'string' ? parseServer(like) : like;
  const { transport = 'udp', path = '/dns-query' } = given;
  const { port = PORTS[transport] } = given;
  const octets = parseIp(given.host);
  // Addresses are compared as text, so one address must have one text.
  const host = octets === undefined ? given.host : formatIp(octets) + zoneOf(given.host);
  if (
    !Number.isInteger(port) ||
    port < 1 ||
    port > 65_535 ||
    !isHost(host) ||
    !(transport in PORTS)
  )
    throw badServer(`${transport}://${given.host}:${port}`);
  const serverName = given.serverName ?? host;
  return {
    host,
    family: octets === undefined ? undefined : octets.length === 4 ? 4 : 6,
    port,
    transport,
    serverName,
    tls: { ...given.tls, serverName: given.tls?.serverName ?? serverName, alpn: ['dot'] },
    path,
    text: `${transport}://${host.includes(':') ? `[${host}]` : host}:${port}`,
  };
}

const TEXT =
  /^(?:(udp|tcp|tls|https):\/\/)?(?:\[([\da-f:.]+(?:%[\w.-]+)?)\]|([\da-f]*:[\da-f]*:[\da-f:.]*(?:%[\w.-]+)?)|([^\s:/#[\]]+))(?::(\d{1,5}))?(\/[^\s#]*)?(?:#([^\s/]+))?$/i;

function parseServer(text: string): DnsServerOptions {
  const match = TEXT.exec(text);
  if (match === null) throw badServer(text);
  const [, scheme, bracketed, bare6, plain, port, path, serverName] = match;
  const transport = (scheme?.toLowerCase() ?? 'udp') as DnsClientTransport;
  if (path !== undefined && path !== '/' && transport !== 'https') throw badServer(text);
  return {
    host: bracketed ?? bare6 ?? plain ?? '',
    transport,
    port: port === undefined ? undefined : Number(port),
    path: path === '/' ? undefined : path,
    serverName,
  };
}

/** The interface of a link-local address: `%eth0`. */
function zoneOf(host: string): string {
  const at = host.indexOf('%');
  return at < 0 ? '' : host.slice(at);
}

function isHost(host: string): boolean {
  return host !== '' && host.length <= 253 && !/[\s/#[\]]/.test(host);
}

function badServer(text: string): Error {
  return usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot ask "${text.slice(0, 300)}" as it is not like "192.0.2.1", "tcp://[2001:db8::1]:53" or "tls://192.0.2.1#dns.example.net"`,
  );
}
