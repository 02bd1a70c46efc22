import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import { parseDescriptorServer } from './descriptor-endpoint.ts';
import { carrier, type EndpointSchemes, hostCarrier } from './endpoint-scheme.ts';
import { httpConnectScheme } from './http-connect-endpoint.ts';
import { parseScheme } from './parse-scheme.ts';
import { PROCESS_OPTIONS, parseProcessClient } from './process-endpoint.ts';
import { proxyScheme } from './proxy-prefix.ts';
import { tlsClientScheme, tlsServerScheme } from './secured-endpoint.ts';
import { socks5Scheme } from './socks5-endpoint.ts';
import { parseStdioServer, STDIO_OPTIONS } from './stdio-endpoint.ts';
import {
  parseTcpClient,
  parseTcpServer,
  TCP_CLIENT_OPTIONS,
  TCP_SERVER_OPTIONS,
} from './tcp-endpoint.ts';
import {
  parseTlsClient,
  parseTlsServer,
  TLS_CLIENT_OPTIONS,
  TLS_SERVER_OPTIONS,
} from './tls-endpoint.ts';
import {
  parseUnixClient,
  parseUnixServer,
  UNIX_CLIENT_OPTIONS,
  UNIX_SERVER_OPTIONS,
} from './unix-endpoint.ts';

/** What strings to listen on may use. Another package adds its names in a record of its own. */
export const serverSchemes: EndpointSchemes<ServerEndpoint> = {
  tcp: hostCarrier(TCP_SERVER_OPTIONS, parseTcpServer),
  tls: { ...hostCarrier(TLS_SERVER_OPTIONS, parseTlsServer), ...tlsServerScheme },
  unix: carrier(UNIX_SERVER_OPTIONS, parseUnixServer),
  sim: hostCarrier(TCP_SERVER_OPTIONS, parseTcpServer),
  systemd: carrier(TCP_SERVER_OPTIONS, parseDescriptorServer),
  fd: carrier(TCP_SERVER_OPTIONS, parseDescriptorServer),
  stdio: carrier(STDIO_OPTIONS, parseStdioServer),
  proxy: proxyScheme,
};

/** What strings to connect to may use. Another package adds its names in a record of its own. */
export const clientSchemes: EndpointSchemes<ClientEndpoint> = {
  tcp: hostCarrier(TCP_CLIENT_OPTIONS, parseTcpClient),
  tls: { ...hostCarrier(TLS_CLIENT_OPTIONS, parseTlsClient), ...tlsClientScheme },
  unix: carrier(UNIX_CLIENT_OPTIONS, parseUnixClient),
  sim: hostCarrier(TCP_CLIENT_OPTIONS, parseTcpClient),
  process: carrier(PROCESS_OPTIONS, parseProcessClient),
  socks5: socks5Scheme,
  'http-connect': httpConnectScheme,
};

/**
 * Reads where to listen: `tcp://127.0.0.1:80`, `tcp://:80` (every address), `tls://:443?cert=cert.pem&key=key.pem`,
 * `unix:/run/app.sock`, `fd:3` or `systemd:web` (sockets somebody else has bound), `sim://server:80` (TCP on a simulated
 * host). `String(endpoint)` gives text that means the same.
 *
 * Prefixes are layers, the left one nearest the wire: `proxy+tls://:443?cert=c.pem&key=k.pem&proxy.trust=10.0.0.0/8`.
 * An option may name its owner, as `proxy.trust` does; without that it belongs to what the scheme ends with or, if that
 * does not know it, to the only prefix that does.
 * @throws UsageError `HAWSER_BAD_ENDPOINT`, which says what part is wrong
 */
export function parseServerEndpoint(
  text: string,
  schemes: EndpointSchemes<ServerEndpoint> = serverSchemes,
): ServerEndpoint {
  return parseScheme(text, schemes);
}

/**
 * Reads where to connect: `tcp://example.net:25`, `tls://example.net:993`, `unix:/run/app.sock`.
 *
 * Prefixes stand around the rest, the left one nearest the wire, and one that leads on to another host takes it from
 * the path: `socks5+tls+tcp://user:password@proxy:1080/example.net:993` speaks SOCKS with the proxy and, through it,
 * TLS with example.net. Options are shared as in {@link parseServerEndpoint}.
 * @throws UsageError `HAWSER_BAD_ENDPOINT`, which says what part is wrong
 */
export function parseClientEndpoint(
  text: string,
  schemes: EndpointSchemes<ClientEndpoint> = clientSchemes,
): ClientEndpoint {
  return parseScheme(text, schemes);
}

/** An endpoint to listen on, from itself or its text. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function asServerEndpoint(endpoint: string | ServerEndpoint): ServerEndpoint {
  return typeof endpoint === 'string' ? parseServerEndpoint(endpoint) : endpoint;
}

/** An endpoint to connect to, from itself or its text. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function asClientEndpoint(endpoint: string | ClientEndpoint): ClientEndpoint {
  return typeof endpoint === 'string' ? parseClientEndpoint(endpoint) : endpoint;
}
