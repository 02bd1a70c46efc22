// Host and port (RFC 3986 §3.2.2, RFC 9110 §4.2).
import { HEX, tableOf } from './octets.ts';

/** Unreserved characters and sub-delimiters: a registered name or an IPv4 address. */
const NAME = tableOf(
  "-._~!$&'()*+,;=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
);
const COLON = 0x3a;
const OPEN = 0x5b;

/**
 * Whether `text` is `host` or `host:port`, with a name, an IPv4 address or an IPv6 address in brackets.
 *
 * Stricter than the grammar: the host is not empty, as `http` and `https` know no such origin (RFC 9110 §4.2.1); there is
 * no percent-encoding, which a URL parser would decode to another name; no IPvFuture, which nobody speaks. The port may be
 * empty, and is at most 65535.
 */
export function isAuthority(text: string): boolean {
  const host = endOfHost(text);
  if (host <= 0) return false;
  return host === text.length || isPort(text, host, true);
}

/** Whether `text` is `host:port`, with a port, as CONNECT wants it (RFC 9112 §3.2.3). */
export function isAuthorityWithPort(text: string): boolean {
  const host = endOfHost(text);
  return host > 0 && isPort(text, host, false);
}

/** Where the host of `text` ends; -1 if it is none. */
function endOfHost(text: string): number {
  if (text.charCodeAt(0) === OPEN) {
    const close = text.indexOf(']');
    return close > 0 && isIPv6(text.slice(1, close)) ? close + 1 : -1;
  }
  let at = 0;
  while (at < text.length && NAME[text.charCodeAt(at)] === 1) at++;
  return at === text.length || text.charCodeAt(at) === COLON ? at : -1;
}

function isPort(text: string, colon: number, emptyToo: boolean): boolean {
  if (text.charCodeAt(colon) !== COLON) return false;
  const digits = text.length - colon - 1;
  if (digits === 0) return emptyToo;
  if (digits > 5) return false;
  let port = 0;
  for (let at = colon + 1; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65_535;
}

function isIPv6(text: string): boolean {
  const gap = text.indexOf('::');
  if (gap === -1) return groupsOf(text, true) === 8;
  const before = groupsOf(text.slice(0, gap), false);
  const after = groupsOf(text.slice(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

/** How many groups of 16 bits `text` is; -1 if it is none. An IPv4 address at the end is two. */
function groupsOf(text: string, ipv4Too: boolean): number {
  if (text === '') return 0;
  const groups = text.split(':', 9);
  let count = 0;
  for (const [at, group] of groups.entries()) {
    if (ipv4Too && at === groups.length - 1 && group.includes('.')) {
      if (!isIPv4(group)) return -1;
      count += 2;
    } else {
      if (!isGroup(group)) return -1;
      count += 1;
    }
  }
  return count;
}

function isGroup(group: string): boolean {
  if (group.length === 0 || group.length > 4) return false;
  for (let at = 0; at < group.length; at++) {
    if ((HEX[group.charCodeAt(at)] ?? 255) > 15) return false;
  }
  return true;
}

function isIPv4(text: string): boolean {
  const parts = text.split('.', 5);
  return (
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part <= 255)
  );
}
