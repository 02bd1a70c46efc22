import { createHash } from 'node:crypto';
import type { Middleware } from '../contract/middleware.ts';
import { whenThere } from '../routing/now-or-later.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { HttpResponse } from '../web/http-response.ts';
import { parseHttpDate } from '../wire/parse-http-date.ts';
import { evaluateConditions } from './evaluate-conditions.ts';
import { discardResponse } from './response-pieces.ts';

/** Options for {@link etag}. */
export interface EtagOptions {
  /** A weak tag says that the meaning is the same, as after compression further out. @defaultValue true */
  readonly weak?: boolean | undefined;
  /** Longer bodies get no tag, in octets. @defaultValue 1_048_576 */
  readonly maxBytes?: number | undefined;
}

/** What RFC 9110 §15.4.5 has in a 304. */
const KEPT: ReadonlySet<string> = new Set([
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'set-cookie',
  'vary',
]);

/**
 * Answers GET and HEAD with 304 or 412 by the conditions of the request (RFC 9110 §13), where the answer is a 200 with
 * an `ETag` or `Last-Modified`, and gives text and bytes without a tag one made of them. The work of making the answer is
 * done all the same: it saves the way, not the work. Bodies in pieces and `cache-control: no-store` get no tag.
 *
 * Inside of `compression` it needs `weak`; outside of it, it tags what is sent.
 *
 * @throws RangeError if `maxBytes` is below 0
 */
export function etag(options: EtagOptions = {}): Middleware {
  const { weak = true, maxBytes = 1_048_576 } = options;
  if (!(maxBytes >= 0)) {
    throw new RangeError(`Cannot tag answers as maxBytes must be >= 0: ${maxBytes}`);
  }
  return (request, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    return whenThere(next(), (response) => {
      if (response.status !== 200) return response;
      const own = response.headers.get('etag');
      const tag = own ?? tagOf(response, { weak, maxBytes });
      const lastModified = parseHttpDate(response.headers.get('last-modified') ?? '');
      if (tag === undefined && lastModified === undefined) return response;
      const status = evaluateConditions(request, { etag: tag, lastModified });
      if (status !== undefined) return instead(response, { status, tag });
      return own === null && tag !== undefined ? tagged(response, tag) : response;
    });
  };
}

function tagOf(
  response: Response,
  { weak, maxBytes }: { weak: boolean; maxBytes: number },
): string | undefined {
  const content = HttpResponse.partsOf(response)?.content;
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) return undefined;
  if (/(?:^|[\s,])no-store(?:$|[\s,])/i.test(response.headers.get('cache-control') ?? '')) {
    return undefined;
  }
  if (Buffer.byteLength(content) > maxBytes) return undefined;
  // Other languages and codings of the same have other bytes already.
  const hash = createHash('sha1').update(content).digest('base64url');
  return weak ? `W/"${hash}"` : `"${hash}"`;
}

function tagged(response: Response, tag: string): Response {
  const headers = new HttpHeaders(response.headers);
  headers.set('etag', tag);
  return response instanceof HttpResponse ? response.with({ headers }) : response;
}

function instead(
  response: Response,
  { status, tag }: { status: 304 | 412; tag: string | undefined },
): Response {
  const headers = new HttpHeaders();
  for (const [name, value] of response.headers) {
    if (KEPT.has(name) || name.startsWith('access-control-')) headers.append(name, value);
  }
  if (tag !== undefined) headers.set('etag', tag);
  discardResponse(response);
  return new HttpResponse(null, { status, headers });
}
