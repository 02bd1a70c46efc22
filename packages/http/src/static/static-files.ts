import type { HttpContext, HttpHandler } from '../contract/http-handler.ts';
import type { Middleware } from '../contract/middleware.ts';
import { HttpError } from '../http-error.ts';
import { HttpResponse } from '../web/http-response.ts';
import type { StaticOptions } from './static-options.ts';
import { StaticSite } from './static-site.ts';

/**
 * Serves the files below the directory `root`, to GET and HEAD: with their media type, conditional requests and ranges
 * (RFC 9110 §13, §14), and everything that {@link StaticOptions} say. What is not there is answered by
 * `options.notFound`, or with 404; other methods with 405.
 *
 * A path cannot leave the root: each name in it is decoded once, and one that could mean anything but a name is refused;
 * symbolic links that end outside are refused as well. Only regular files are served. Whoever can write below the root
 * decides what is served.
 *
 * Small files leave in one piece; others are read as fast as the peer takes them, 64 KiB at a time, and the descriptor
 * is open only while they are read. A file that becomes shorter meanwhile ends the connection, as half of it must not
 * pass for the whole.
 *
 * @example
 * http(staticFiles('./public', { immutable: /-[0-9a-f]{8}\./, precompressed: true }))
 * @throws RangeError if an option makes no sense
 */
export function staticFiles(root: string, options: StaticOptions = {}): HttpHandler {
  const { notFound = noSuchFile } = options;
  const site = new StaticSite(root, options);
  return (request, context) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return methodNotAllowed(request);
    return serve(site, { request, context, missing: () => notFound(request, context) });
  };
}

/**
 * As {@link staticFiles}, in front of a handler: what is no file, and every method but GET and HEAD, is left to `next`.
 *
 * @throws RangeError if an option makes no sense
 */
export function staticOrNext(
  root: string,
  options: Omit<StaticOptions, 'notFound'> = {},
): Middleware {
  const site = new StaticSite(root, options);
  return (request, next, context) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    return serve(site, { request, context, missing: () => next() });
  };
}

interface Serving {
  readonly request: Request;
  readonly context: HttpContext;
  readonly missing: () => Response | Promise<Response>;
}

function serve(
  site: StaticSite,
  { request, context, missing }: Serving,
): Response | Promise<Response> {
  const path = site.pathOf(request);
  if (path === undefined) return missing();
  if (!path.ok) return path.status === 404 ? missing() : refuse(path.status);
  const kept = site.fromMemory(request, context, path);
  if (kept) return kept;
  return site.answer(request, context, path).then((answer) => answer ?? missing());
}

function methodNotAllowed(request: Request): Response {
  const headers = { allow: 'GET, HEAD' };
  if (request.method === 'OPTIONS') return new HttpResponse(null, { status: 204, headers });
  throw new HttpError(405, 'Cannot do anything but read a file', { headers });
}

function noSuchFile(): never {
  return refuse(404);
}

function refuse(status: number): never {
  throw new HttpError(status, 'Cannot serve a file at this path');
}
