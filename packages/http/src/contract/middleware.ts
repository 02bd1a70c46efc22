import type { HttpContext } from './http-handler.ts';

/**
 * Stands between the peer and a handler: answers itself, or calls `next` and gives its answer on, as it is or changed.
 * The first of a list is the outermost. `next()` passes `request` on; `next(other)` passes another one, such as a
 * rewritten one. What has nothing to wait for should give a Response rather than a promise of one: an exchange that
 * needs no promise is answered in the turn in which it came.
 *
 * @example
 * const timed: Middleware = (request, next) => request.method === 'TRACE' ? new Response(null, { status: 405 }) : next();
 */
export type Middleware = (
  request: Request,
  next: (request?: Request) => Response | Promise<Response>,
  context: HttpContext,
) => Response | Promise<Response>;
