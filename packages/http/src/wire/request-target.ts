// The target of a request (RFC 9112 §3.2).
import { isAuthority, isAuthorityWithPort } from './authority.ts';

/** What a target says: where to on the server, and, for an absolute one, which server. */
export interface ParsedTarget {
  readonly target: string;
  readonly authority: string | undefined;
}

const SLASH = 0x2f;
const HASH = 0x23;

/** Whether each octet from `start` to `end` is visible ASCII but `#`, which begins what is never sent (RFC 9112 §3.2). */
export function hasTargetOctets(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const octet = text.charCodeAt(at);
    if (octet <= 0x20 || octet >= 0x7f || octet === HASH) return false;
  }
  return end > start;
}

/** Whether `target` is in origin form, and so says all by itself. */
export function isOriginForm(target: string): boolean {
  return target.charCodeAt(0) === SLASH;
}

/**
 * Reads a target in one of the other forms: authority for CONNECT and nothing else, `*` for OPTIONS and nothing else,
 * absolute `http` and `https` for all but CONNECT. `undefined` if it is in none that `method` allows.
 */
export function parseTarget(method: string, target: string): ParsedTarget | undefined {
  if (method === 'CONNECT') {
    return isAuthorityWithPort(target) ? { target, authority: target } : undefined;
  }
  if (isOriginForm(target)) return { target, authority: undefined };
  if (target === '*') return method === 'OPTIONS' ? { target, authority: undefined } : undefined;

  const scheme = /^https?:\/\//i.exec(target)?.[0];
  if (scheme === undefined) return undefined;
  const found = target.slice(scheme.length).search(/[/?]/);
  const end = found === -1 ? target.length : scheme.length + found;
  const authority = target.slice(scheme.length, end);
  // Userinfo is no part of it: "@" is not among the octets of a host (RFC 9110 §4.2.4).
  if (!isAuthority(authority)) return undefined;
  const path = target.slice(end);
  if (path === '') return { target: method === 'OPTIONS' ? '*' : '/', authority };
  return { target: path.startsWith('/') ? path : `/${path}`, authority };
}
