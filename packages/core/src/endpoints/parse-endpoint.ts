import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import { badEndpoint, type EndpointText, splitEndpoint } from './endpoint-text.ts';
import { parseTcpClient, parseTcpServer } from './tcp-endpoint.ts';
import { parseTlsClient, parseTlsServer } from './tls-endpoint.ts';
import { parseUnixClient, parseUnixServer } from './unix-endpoint.ts';

const SERVERS: Schemes<ServerEndpoint> = {
  tcp: parseTcpServer,
  tls: parseTlsServer,
  unix: parseUnixServer,
};

const CLIENTS: Schemes<ClientEndpoint> = {
  tcp: parseTcpClient,
  tls: parseTlsClient,
  unix: parseUnixClient,
};

type Schemes<E> = Readonly<Record<string, (parts: EndpointText) => E>>;

/**
 * Reads where to listen: `tcp://127.0.0.1:80`, `tcp://:80` (every address), `tls://:443?cert=cert.pem&key=key.pem`,
 * `unix:/run/app.sock`. `String(endpoint)` gives text that means the same.
 * @throws UsageError `HAWSER_BAD_ENDPOINT`, which says what part is wrong
 */
export function parseServerEndpoint(text: string): ServerEndpoint {
  return parse(text, SERVERS);
}

/**
 * Reads where to connect: `tcp://example.net:25`, `tls://example.net:993`, `unix:/run/app.sock`.
 * @throws UsageError `HAWSER_BAD_ENDPOINT`, which says what part is wrong
 */
export function parseClientEndpoint(text: string): ClientEndpoint {
  return parse(text, CLIENTS);
}

/** An endpoint to listen on, from itself or its text. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function asServerEndpoint(endpoint: string | ServerEndpoint): ServerEndpoint {
  return typeof endpoint === 'string' ? parseServerEndpoint(endpoint) : endpoint;
}

/** An endpoint to connect to, from itself or its text. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function asClientEndpoint(endpoint: string | ClientEndpoint): ClientEndpoint {
  return typeof endpoint === 'string' ? parseClientEndpoint(endpoint) : endpoint;
}

function parse<E>(text: string, schemes: Schemes<E>): E {
  const parts = splitEndpoint(text);
  if (!Object.hasOwn(schemes, parts.scheme)) {
    const known = Object.keys(schemes).join(', ');
    throw badEndpoint(text, `scheme must be one of ${known}: "${parts.scheme}"`);
  }
  return (schemes[parts.scheme] as (parts: EndpointText) => E)(parts);
}
