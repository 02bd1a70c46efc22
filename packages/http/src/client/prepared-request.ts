import { type Random, UsageError } from '@hawser/core';
import type { FieldLines } from '../contract/field-lines.ts';
import { HttpHeaders, toFieldLines } from '../web/http-headers.ts';
import type { HttpClientOptions, RequestOptions } from './client-options.ts';
import { basicAuth, bearerAuth } from './credentials.ts';
import { acceptedEncodings } from './decode-body.ts';
import { type RequestBody, toRequestBody, wholeBody } from './request-body.ts';
import { type QueryInput, withQuery } from './with-query.ts';

/** A request as it is sent, again if need be, or as a redirect changes it. */
export interface PreparedRequest {
  readonly method: string;
  readonly url: URL;
  /** Whom it is for, where that is not the host of the URL. */
  readonly authority: string | undefined;
  /** Without those of the cookie jar. */
  readonly fields: FieldLines;
  readonly body: RequestBody | undefined;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** The methods that the Fetch standard (§2.2.1) takes in any spelling. */
const NORMALIZED = /^(?:delete|get|head|options|post|put|patch)$/i;

/**
 * Makes a request of what the caller gave.
 * @throws TypeError when a part of it is none; UsageError `HAWSER_NOT_AVAILABLE` when two bodies are given
 */
export function prepareRequest(
  target: string | URL,
  options: RequestOptions,
  defaults: Pick<HttpClientOptions, 'baseUrl' | 'headers' | 'decompress'> & {
    readonly random: Pick<Random, 'bytes'>;
  },
): PreparedRequest {
  let url = new URL(target, defaults.baseUrl);
  if (options.query !== undefined) url = withQuery(url, options.query);
  const method = normalMethod(options.method ?? 'GET');
  const headers = new HttpHeaders(defaults.headers);
  if (options.headers !== undefined) {
    const own = new HttpHeaders(options.headers);
    for (const name of new Set(own.keys())) headers.delete(name);
    const lines = toFieldLines(own);
    for (let at = 0; at < lines.length; at += 2)
      headers.append(lines[at] ?? '', lines[at + 1] ?? '');
  }
  const body = bodyOf(options, defaults.random);
  if (
    body &&
    (method === 'GET' || method === 'HEAD' || method === 'CONNECT' || method === 'TRACE')
  ) {
    throw new TypeError(`Cannot send a body with ${method}`);
  }
  if (body?.contentType !== undefined && !headers.has('content-type')) {
    headers.set('content-type', body.contentType);
  }
  const { username, password } = url;
  if (options.auth !== undefined) headers.set('authorization', authorization(options.auth));
  else if ((username !== '' || password !== '') && !headers.has('authorization')) {
    headers.set(
      'authorization',
      basicAuth(decodeURIComponent(username), decodeURIComponent(password)),
    );
  }
  url.username = '';
  url.password = '';
  if (options.implicitHeaders ?? true) {
    addImplicit(headers, options.decompress ?? defaults.decompress ?? true);
  }
  return { method, url, authority: options.authority, fields: toFieldLines(headers), body };
}

function addImplicit(headers: HttpHeaders, decompress: boolean): void {
  if (!headers.has('accept')) headers.set('accept', '*/*');
  if (!headers.has('user-agent')) headers.set('user-agent', 'hawser');
  // Of a part of something compressed nothing can be made.
  if (decompress && !headers.has('accept-encoding') && !headers.has('range')) {
    headers.set('accept-encoding', acceptedEncodings);
  }
}

function normalMethod(method: string): string {
  if (!TOKEN.test(method))
    throw new TypeError(`Cannot request with this method: ${JSON.stringify(method)}`);
  return NORMALIZED.test(method) ? method.toUpperCase() : method;
}

function authorization(auth: NonNullable<RequestOptions['auth']>): string {
  return typeof auth === 'string' ? bearerAuth(auth) : basicAuth(auth[0], auth[1]);
}

function bodyOf(options: RequestOptions, random: Pick<Random, 'bytes'>): RequestBody | undefined {
  const { body, json, form } = options;
  const given = [body ?? undefined, json, form].filter((each) => each !== undefined);
  if (given.length > 1) {
    const text = 'Cannot send a request as only one of body, json and form can be its body';
    throw new UsageError('HAWSER_NOT_AVAILABLE', text);
  }
  if (json !== undefined) {
    const text = JSON.stringify(json);
    if (text === undefined) throw new TypeError('Cannot send this as JSON');
    return wholeBody(Buffer.from(text), 'application/json');
  }
  if (form !== undefined) return toRequestBody(encodeForm(form), random);
  if (body === undefined || body === null) return undefined;
  return toRequestBody(body, random, options.bodyLength);
}

function encodeForm(form: QueryInput): URLSearchParams {
  return withQuery('http://form.invalid/', form).searchParams;
}
