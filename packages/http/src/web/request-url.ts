import type { Address } from '@hawser/core';
import type { HttpExchange } from '../contract/exchange.ts';

// uri-host with an optional port (RFC 3986 §3.2.2); above all no "@", "/", "?", "#" or "\", which would move the host.
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~%!$&'()*+,;=-]+)(?::[0-9]{0,5})?$/i;

/**
 * Hosts that a URL holds exactly as they are: names in lower case whose last label begins with a letter, and IPv4
 * addresses; ports with no zero in front and below 60,000. "xn--" is left out as what follows it may be no name.
 */
const PLAIN_HOST =
  /^(?:(?!.*xn--)(?:[a-z0-9][a-z0-9-]*\.)*[a-z][a-z0-9-]*|(?:(?:[1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])(?:\.(?!$|:)|(?=$|:))){4})(?::(?!80$|443$)(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?$/;
/** Targets that a URL holds exactly as they are: no dot behind a slash, nothing that would be encoded or decoded. */
const PLAIN_TARGET =
  /^(?:\/(?!\.|%2e)(?:[\w!$&'()*+,;=:@~.-]|%[0-9a-f]{2})*)+(?:\?(?:[\w!$&()*+,;=:@~./?-]|%[0-9a-f]{2})*)?$/i;

const SLASH = 0x2f;

/** What of an exchange its URL is made of. */
export type UrlParts = Pick<
  HttpExchange,
  'method' | 'scheme' | 'authority' | 'target' | 'transport'
>;

/**
 * The URL of a request, as the URL standard writes it. CONNECT names a host and a port: its URL is that of the root
 * there. Gives `undefined` when no URL can name what the request asks for, such as `*`.
 */
export function requestUrl(exchange: UrlParts): string | undefined {
  const { method, scheme, target } = exchange;
  if (method === 'CONNECT') return parsed(scheme, target, '/');
  const authority = exchange.authority ?? hostOf(exchange.transport.local);
  if (PLAIN_HOST.test(authority) && PLAIN_TARGET.test(target)) {
    return `${scheme}://${authority}${target}`;
  }
  return target.startsWith('/') ? parsed(scheme, authority, target) : undefined;
}

/** The last plain authority: most requests to a server have the same one. */
let lastPlain = '';

/** Whether a URL names the request, if that can be told at a glance: a path on a plain host. */
export function isNamed({ method, authority, target }: UrlParts): boolean {
  if (method === 'CONNECT' || authority === undefined || target.charCodeAt(0) !== SLASH)
    return false;
  if (authority === lastPlain) return true;
  if (!PLAIN_HOST.test(authority)) return false;
  lastPlain = authority;
  return true;
}

function parsed(scheme: string, authority: string, target: string): string | undefined {
  if (!HOST.test(authority)) return undefined;
  try {
    return new URL(`${scheme}://${authority}${target}`).href;
  } catch {
    return undefined;
  }
}

/** Where an HTTP/1.0 client without Host connected to. */
function hostOf(local: Address): string {
  if (local.kind === 'unix' || local.kind === 'memory') return 'localhost';
  return `${local.family === 6 ? `[${local.host}]` : local.host}:${local.port}`;
}
