import type { Answer, HttpContext } from './http-handler.ts';

/**
 * Goes on with the next middleware or the handler. Once: a second call is a `UsageError` `HAWSER_HTTP_NEXT_TWICE`.
 * `request` takes the place of the one before, such as a rewritten one; what the router found and what is attached goes
 * along. The route does not change.
 */
export type Next = (request?: Request) => Answer;

/**
 * Stands between the peer and a handler: answers itself, or calls `next` and gives its answer on, as it is or changed.
 * The first of a list is the outermost. What has nothing to wait for should give a Response rather than a promise of
 * one: an exchange that needs no promise is answered in the turn in which it came.
 *
 * This is what needs nothing of a router; the `Middleware` of routers is this with what they add to a request.
 */
export type Middleware<Seen extends Request = Request> = (
  request: Seen,
  next: Next,
  context: HttpContext,
) => Answer;
