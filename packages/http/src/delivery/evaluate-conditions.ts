import { parseHttpDate } from '../wire/parse-http-date.ts';
import { parseEntityTags, strongMatch, weakMatch } from './entity-tag.ts';

/** What there is now, to compare with what a request expects. */
export interface Validators {
  /** `"abc"`, or `W/"abc"` where the bytes may differ. */
  readonly etag?: string | undefined;
  /** Milliseconds since 1970; parts of a second do not count. */
  readonly lastModified?: number | undefined;
  /** False: there is nothing at that place, so that `If-None-Match: *` holds. @defaultValue true */
  readonly exists?: boolean | undefined;
}

/** The part of a request that conditions are read from. */
export type ConditionalRequest = Pick<Request, 'method'> & {
  readonly headers: Pick<Headers, 'get'>;
};

/**
 * Whether the conditions of a request let it proceed, in the order of RFC 9110 §13.2.2: `undefined` if so, 304 if the
 * peer has the content already, 412 if something else is there than it thinks. Call it when the request would succeed
 * otherwise and before anything is changed.
 *
 * Dates that cannot be read are ignored, tags that cannot be read match nothing.
 *
 * @example
 * const status = evaluateConditions(request, { etag });
 * if (status) return new HttpResponse(null, { status, headers: { etag } });
 */
export function evaluateConditions(
  request: ConditionalRequest,
  validators: Validators,
): 304 | 412 | undefined {
  const { headers, method } = request;
  const { etag, lastModified, exists = true } = validators;
  const reads = method === 'GET' || method === 'HEAD';

  const ifMatch = headers.get('if-match');
  if (ifMatch !== null) {
    if (!matches(ifMatch, { etag, exists, same: strongMatch })) return 412;
  } else {
    const unmodifiedSince = dateOf(headers.get('if-unmodified-since'));
    if (unmodifiedSince !== undefined && lastModified !== undefined) {
      if (seconds(lastModified) > seconds(unmodifiedSince)) return 412;
    }
  }

  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch !== null) {
    if (matches(ifNoneMatch, { etag, exists, same: weakMatch })) return reads ? 304 : 412;
  } else if (reads) {
    const modifiedSince = dateOf(headers.get('if-modified-since'));
    if (modifiedSince !== undefined && lastModified !== undefined) {
      if (seconds(lastModified) <= seconds(modifiedSince)) return 304;
    }
  }
  return undefined;
}

/**
 * Whether a `Range` of the request counts (RFC 9110 §13.1.5): true without `If-Range`, and when that names exactly what
 * there is now. A weak tag never does.
 */
export function rangeApplies(request: ConditionalRequest, validators: Validators): boolean {
  const ifRange = request.headers.get('if-range');
  if (ifRange === null) return true;
  const { etag, lastModified } = validators;
  const text = ifRange.trim();
  if (text.includes('"')) return etag !== undefined && strongMatch(text, etag);
  const date = dateOf(text);
  if (date === undefined || lastModified === undefined) return false;
  return seconds(date) === seconds(lastModified);
}

interface TagCheck {
  readonly etag: string | undefined;
  readonly exists: boolean;
  readonly same: (one: string, other: string) => boolean;
}

function matches(field: string, { etag, exists, same }: TagCheck): boolean {
  const tags = parseEntityTags(field);
  if (tags === '*') return exists;
  return exists && etag !== undefined && tags.some((tag) => same(tag, etag));
}

function dateOf(field: string | null): number | undefined {
  return field === null ? undefined : parseHttpDate(field);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
