import type { Middleware } from '../routing/middleware.ts';
import { HttpResponse } from '../web/http-response.ts';
import { checkOrigin } from './check-origin.ts';

/** Options for {@link csrf}. */
export interface CsrfOptions {
  /** Other origins whose pages may send, such as `https://app.example.net`. */
  readonly origins?: readonly string[] | undefined;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses with 403 what pages of other sites make a browser send, cookies and all. It needs no token: browsers say where
 * a request comes from (`Sec-Fetch-Site`, and before that `Origin`); what says neither is no browser. GET, HEAD and
 * OPTIONS pass, and must change nothing. So does what asks for a WebSocket, which is a GET: its handler has to look at
 * `Origin` itself, as browsers let every page open one, with cookies.
 *
 * @throws RangeError for an origin that is none, such as one with a slash at the end
 */
export function csrf(options: CsrfOptions = {}): Middleware {
  const origins = new Set(options.origins);
  for (const each of origins) checkOrigin(each);
  return (request, next) =>
    SAFE.has(request.method) || isOwn(request, origins)
      ? next()
      : HttpResponse.text('Forbidden', { status: 403 });
}

function isOwn(request: Request, origins: ReadonlySet<string>): boolean {
  const { headers } = request;
  const origin = headers.get('origin');
  if (origin !== null && origins.has(origin)) return true;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin' || site === 'none';
  if (origin === null) return true;
  // Without the scheme, as this server may not see that HTTPS was spoken in front of it.
  const from = URL.canParse(origin) ? new URL(origin).host : undefined;
  return from !== undefined && from !== '' && from === new URL(request.url).host;
}
