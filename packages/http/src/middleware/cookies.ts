import { UsageError } from '@hawser/core';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { HttpErrorCode } from '../errors.ts';
import { editHeaders } from './edit-response.ts';

// RFC 6265bis; "cookie" reads and writes the text.

/** What a browser is told about a cookie. Safe unless you say otherwise. */
export interface CookieOptions {
  /** @defaultValue '/' */
  readonly path?: string | undefined;
  /** Sent to this host and those below it; by default only to the host that set it. */
  readonly domain?: string | undefined;
  /** Seconds it is kept, 0 removes it; by default until the browser closes. */
  readonly maxAge?: number | undefined;
  /** Out of reach of scripts. @defaultValue true */
  readonly httpOnly?: boolean | undefined;
  /** Over HTTPS only, and to localhost. @defaultValue true */
  readonly secure?: boolean | undefined;
  /** Whether requests that other sites cause carry it. @defaultValue 'lax' */
  readonly sameSite?: 'strict' | 'lax' | 'none' | undefined;
  /** A jar for each site that embeds this one (CHIPS). @defaultValue false */
  readonly partitioned?: boolean | undefined;
}

// RFC 6265bis §5.6: browsers throw away what is longer.
const MAX_PAIR_BYTES = 4_096;
const MAX_ATTRIBUTE_BYTES = 1_024;
const NAME = /^[!#$%&'*+.^`|~\w-]+$/;
const PATH = /^\/[\x21-\x3a\x3c-\x7e]*$/;

/** The cookies of a request by name, percent-decoded; of two of one name the first, which has the longer path. */
export function readCookies(
  request: Pick<Request, 'headers'>,
): Readonly<Record<string, string | undefined>> {
  const field = request.headers.get('cookie');
  return field === null ? NO_COOKIES : parseCookie(field);
}

const NO_COOKIES: Readonly<Record<string, string | undefined>> = Object.freeze(Object.create(null));

/**
 * `response` with a cookie; use what it gives. A name that begins with `__Host-` or `__Secure-` is held to what it
 * promises. The value may be any text.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_COOKIE` when browsers would refuse it
 */
export function setCookie(
  response: Response,
  name: string,
  value: string,
  options: CookieOptions = {},
): Response {
  const line = formatCookie(name, value, options);
  return editHeaders(response, (headers) => headers.append('set-cookie', line));
}

/** `response` that makes the browser forget a cookie. `path` and `domain` must be as they were when it was set. */
export function removeCookie(
  response: Response,
  name: string,
  options: Omit<CookieOptions, 'maxAge'> = {},
): Response {
  return setCookie(response, name, '', { ...options, maxAge: 0 });
}

/** The value of a `Set-Cookie` field. @throws UsageError `HAWSER_HTTP_BAD_COOKIE` as {@link setCookie} */
export function formatCookie(name: string, value: string, options: CookieOptions = {}): string {
  const { path = '/', httpOnly = true, secure = true, sameSite = 'lax' } = options;
  const { domain, maxAge, partitioned = false } = options;
  if (!NAME.test(name)) throw badCookie(name, 'a name must be a token');
  if (!PATH.test(path) || path.length > MAX_ATTRIBUTE_BYTES) {
    throw badCookie(name, `its path is none: ${JSON.stringify(path)}`);
  }
  if (domain !== undefined && (!DOMAIN.test(domain) || domain.length > 253)) {
    throw badCookie(name, `its domain is none: ${JSON.stringify(domain)}`);
  }
  if (maxAge !== undefined && (!Number.isInteger(maxAge) || maxAge < 0)) {
    throw badCookie(name, `maxAge must be whole seconds from 0: ${maxAge}`);
  }
  if (LONE_SURROGATE.test(value)) throw badCookie(name, 'its value is half a character');
  checkPromises(name, { path, domain, secure, sameSite, partitioned });
  const line = stringifySetCookie({
    name,
    value,
    path,
    httpOnly,
    secure,
    sameSite,
    partitioned,
    ...(domain === undefined ? {} : { domain }),
    ...(maxAge === undefined ? {} : { maxAge }),
  });
  const pairLength = line.indexOf(';');
  if (pairLength > MAX_PAIR_BYTES) {
    throw badCookie(name, `name and value are over ${MAX_PAIR_BYTES} octets: ${pairLength}`);
  }
  return line;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const DOMAIN = /^\.?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

interface Promises {
  readonly path: string;
  readonly domain: string | undefined;
  readonly secure: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly partitioned: boolean;
}

// RFC 6265bis §4.1.3; browsers look at the prefixes without regard to case.
function checkPromises(name: string, promises: Promises): void {
  const { path, domain, secure, sameSite, partitioned } = promises;
  if (secure) {
    if (!name.toLowerCase().startsWith('__host-')) return;
    if (domain !== undefined) throw badCookie(name, 'a "__Host-" cookie has no domain');
    if (path !== '/') throw badCookie(name, `a "__Host-" cookie has the path "/": ${path}`);
    return;
  }
  if (/^__(?:host|secure)-/i.test(name)) throw badCookie(name, 'its name says that it is secure');
  if (sameSite === 'none') throw badCookie(name, 'with sameSite "none" it must be secure');
  if (partitioned) throw badCookie(name, 'a partitioned one must be secure');
}

function badCookie(name: string, why: string): UsageError<HttpErrorCode> {
  return new UsageError(
    'HAWSER_HTTP_BAD_COOKIE',
    `Cannot set the cookie ${JSON.stringify(name)} as ${why}`,
  );
}
