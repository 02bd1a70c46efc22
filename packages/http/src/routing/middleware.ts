import type { HttpContext } from '../contract/http-handler.ts';
import type { Params } from './path-params.ts';
import type { RequestWith, RoutedRequest } from './routed-request.ts';

/** A response, now or later. What is there now is passed on now: nothing becomes a promise on its way. */
export type Answer = Response | Promise<Response>;

/**
 * Goes on with the next middleware or the handler. Once: a second call is a `UsageError` `HAWSER_HTTP_NEXT_TWICE`.
 * `request` takes the place of the one before; what the router found and what is attached goes along. The route does not
 * change.
 */
export type Next = (request?: Request) => Answer;

declare const ADDED: unique symbol;

/**
 * Stands before handlers: answers itself, or goes on with `next()` and may change what comes back. First = outermost.
 * `Added` is what it puts on the request, for the types of the handlers behind it.
 *
 * @example
 * const timed: Middleware = async (request, next, { reactor }) => {
 *   const start = reactor.clock.now();
 *   const response = await next();
 *   const ms = reactor.clock.now() - start;
 *   return editHeaders(response, (headers) => headers.set('server-timing', `app;dur=${ms}`));
 * };
 */
export interface Middleware<Added = unknown> {
  (request: RoutedRequest, next: Next, context: HttpContext): Answer;
  /** Never there: it carries the type. */
  readonly [ADDED]?: Added;
}

/** Answers the requests of one route. */
export type RouteHandler<PathParams = Params, Added = unknown> = (
  request: RequestWith<PathParams, Added>,
  context: HttpContext,
) => Answer;
