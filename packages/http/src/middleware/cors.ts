import { addVary } from '../delivery/vary.ts';
import type { Middleware } from '../routing/middleware.ts';
import { whenThere } from '../routing/now-or-later.ts';
import { HttpResponse } from '../web/http-response.ts';
import { checkOrigin } from './check-origin.ts';
import { editHeaders } from './edit-response.ts';

/** Options for {@link cors}. */
export interface CorsOptions {
  /**
   * Which pages may read answers: `*` for all, origins such as `https://example.net`, or a function. `null`, the origin of
   * sandboxes and files, only if it is listed. @defaultValue '*'
   */
  readonly origin?: string | readonly string[] | OriginTest | undefined;
  /** @defaultValue GET, HEAD, PUT, PATCH, POST and DELETE */
  readonly methods?: readonly string[] | undefined;
  /** Fields that pages may send. @defaultValue those that they ask for */
  readonly allowHeaders?: readonly string[] | undefined;
  /** Fields that pages may read, beside the few that they may always. */
  readonly exposeHeaders?: readonly string[] | undefined;
  /** Whether requests may carry cookies and passwords. Not with `*`. @defaultValue false */
  readonly credentials?: boolean | undefined;
  /** How long browsers may remember the answer to a preflight, in seconds; they have limits of their own. */
  readonly maxAge?: number | undefined;
}

/** Whether pages of an origin may read the answers. */
export type OriginTest = (origin: string, request: Request) => boolean | Promise<boolean>;

const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'];
const PREFLIGHT_VARY = ['access-control-request-method', 'access-control-request-headers'];
const TOKENS = /^[\w!#$%&'*+.^`|~-]+(?:[\t ]*,[\t ]*[\w!#$%&'*+.^`|~-]+)*$/;
const MAX_ASKED_LENGTH = 1_024;

/**
 * Lets pages of other origins read answers (the CORS protocol of the Fetch standard), and answers preflights itself. It
 * keeps nobody from sending requests: see `csrf`. Stands around everything that refuses, so that pages can read the
 * refusal.
 *
 * @throws RangeError for credentials with `*`, as every page could then act as the user, and for an origin that is none
 */
export function cors(options: CorsOptions = {}): Middleware {
  const { origin = '*', methods = METHODS, exposeHeaders = [], credentials = false } = options;
  const { allowHeaders, maxAge } = options;
  const all = origin === '*' || (Array.isArray(origin) && origin.includes('*'));
  if (all && credentials) {
    throw new RangeError('Cannot allow credentials as every origin is allowed: name the origins');
  }
  if (maxAge !== undefined && (!Number.isInteger(maxAge) || maxAge < 0)) {
    throw new RangeError(`Cannot allow origins as maxAge must be whole seconds from 0: ${maxAge}`);
  }
  const test = all ? undefined : testOf(origin);

  const allow = (headers: Headers, allowed: string | undefined): void => {
    if (test !== undefined) addVary(headers, 'origin');
    if (allowed === undefined) return;
    headers.set('access-control-allow-origin', allowed);
    if (credentials) headers.set('access-control-allow-credentials', 'true');
  };
  const preflight = (request: Request, allowed: string | undefined): Response => {
    const response = new HttpResponse(null, { status: 204 });
    const { headers } = response;
    allow(headers, allowed);
    for (const name of PREFLIGHT_VARY) addVary(headers, name);
    if (allowed === undefined) return response;
    headers.set('access-control-allow-methods', methods.join(', '));
    const fields = allowHeaders?.join(', ') ?? askedFields(request);
    if (fields !== '') headers.set('access-control-allow-headers', fields);
    if (maxAge !== undefined) headers.set('access-control-max-age', String(maxAge));
    return response;
  };
  const expose = (headers: Headers, allowed: string | undefined): void => {
    allow(headers, allowed);
    if (allowed !== undefined && exposeHeaders.length > 0) {
      headers.set('access-control-expose-headers', exposeHeaders.join(', '));
    }
  };

  return (request, next) => {
    const from = request.headers.get('origin');
    const verdict = test === undefined ? true : from !== null && test(from, request);
    return whenThere(verdict, (welcome) => {
      const allowed = welcome ? (test === undefined ? '*' : (from ?? undefined)) : undefined;
      const isPreflight =
        request.method === 'OPTIONS' &&
        from !== null &&
        request.headers.has('access-control-request-method');
      if (isPreflight) return preflight(request, allowed);
      return whenThere(next(), (response) =>
        editHeaders(response, (headers) => expose(headers, allowed)),
      );
    });
  };
}

function testOf(origin: string | readonly string[] | OriginTest): OriginTest {
  if (typeof origin === 'function') return origin;
  const list = typeof origin === 'string' ? [origin] : origin;
  for (const each of list) checkOrigin(each);
  const allowed = new Set(list);
  return (from) => allowed.has(from);
}

function askedFields(request: Request): string {
  const asked = request.headers.get('access-control-request-headers') ?? '';
  return asked.length <= MAX_ASKED_LENGTH && TOKENS.test(asked) ? asked : '';
}
