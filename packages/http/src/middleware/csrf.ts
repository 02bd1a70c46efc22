import type { Middleware } from '../routing/middleware.ts';
import { HttpResponse } from '../web/http-response.ts';

/** Options for {@link csrf}. */
export interface CsrfOptions {
  /** Other origins whose pages may send, such as `https://app.example.net`. */
  readonly origins?: readonly string[] | undefined;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses with 403 what pages of other sites make a browser send, cookies and all. It needs no token: browsers say where
 * a request comes from (`Sec-Fetch-Site`, and before that `Origin`); what says neither is no browser. GET, HEAD and
 * OPTIONS pass, and must change nothing.
 */
export function csrf(options: CsrfOptions = {}): Middleware {
  const origins = new Set(options.origins);
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
