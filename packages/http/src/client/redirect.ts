/** What a redirect asks for (RFC 9110 §15.4, Fetch §4.4 "HTTP-redirect fetch"): pure, no I/O. */
import type { FieldLines } from '../contract/field-lines.ts';
import { HttpResponseError } from './http-request-error.ts';

/** A request as far as a redirect changes it. */
export interface Redirectable {
  readonly method: string;
  readonly url: URL;
  readonly fields: FieldLines;
  readonly hasBody: boolean;
  /** The body can be sent once more. */
  readonly replayable: boolean;
  /** Whether something in it tells who is asking, cookies of the jar included. */
  readonly hasCredentials: boolean;
  /** Names of fields that tell who is asking, in lower case. */
  readonly sensitiveFields: ReadonlySet<string>;
}

/** The request that follows. */
export interface Redirected {
  readonly method: string;
  readonly url: URL;
  readonly fields: FieldLines;
  readonly keepsBody: boolean;
  readonly sameOrigin: boolean;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Fields of a body that is not sent again. */
const OF_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
  'content-digest',
  'digest',
  'expect',
  'transfer-encoding',
]);
/** Fields that tell who is asking. */
const CREDENTIALS: readonly string[] = [
  'authorization',
  'cookie',
  'cookie2',
  'proxy-authorization',
];
/** Fields that are for one origin only. */
const OF_ORIGIN: ReadonlySet<string> = new Set(['host', 'origin']);

/** The names of all fields that tell who is asking: those that always do, and `more`. */
export function sensitiveFields(more: readonly string[] = []): ReadonlySet<string> {
  return new Set([...CREDENTIALS, ...more.map((name) => name.toLowerCase())]);
}

/** Whether fields tell a server who is asking. */
export function tellsWhoAsks(fields: FieldLines, sensitive: ReadonlySet<string>): boolean {
  return fields.some((name, at) => at % 2 === 0 && sensitive.has(name));
}

/** Whether a status with a `Location` leads somewhere else. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * What to ask for instead.
 * @throws HttpResponseError `HAWSER_HTTP_REDIRECT` when it must not be followed
 */
export function redirected(request: Redirectable, status: number, location: string): Redirected {
  const url = target(request.url, location);
  const sameOrigin = url.origin === request.url.origin;
  const rewritten =
    (status === 303 && request.method !== 'GET' && request.method !== 'HEAD') ||
    ((status === 301 || status === 302) && request.method === 'POST');
  const keepsBody = request.hasBody && !rewritten;
  if (request.url.protocol === 'https:' && url.protocol === 'http:') {
    if (request.hasCredentials) throw refusal('it would send credentials without encryption');
    if (keepsBody) throw refusal('it would send a body without encryption');
  }
  if (keepsBody && !request.replayable) throw refusal('the body cannot be sent twice');
  let { fields } = request;
  if (rewritten) fields = without(fields, OF_BODY);
  if (!sameOrigin) fields = without(without(fields, OF_ORIGIN), request.sensitiveFields);
  return { method: rewritten ? 'GET' : request.method, url, fields, keepsBody, sameOrigin };
}

function target(from: URL, location: string): URL {
  let url: URL;
  try {
    // The field has one character for each byte; what is not ASCII is UTF-8 in practice.
    url = new URL(Buffer.from(location, 'latin1').toString(), from);
  } catch {
    throw refusal('its location is no URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refusal(`its scheme is ${JSON.stringify(url.protocol)}`);
  }
  // A server must not be able to make us log in somewhere.
  url.username = '';
  url.password = '';
  if (url.hash === '') url.hash = from.hash;
  return url;
}

function without(fields: FieldLines, names: ReadonlySet<string>): FieldLines {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!names.has(name)) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

/** Why a redirect is not followed. */
export function refusal(why: string): HttpResponseError {
  const text = `Cannot follow the redirect as ${why}`;
  return new HttpResponseError('HAWSER_HTTP_REDIRECT', text, { phase: 'redirect' });
}
