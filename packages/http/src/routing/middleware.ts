import type { Answer, HttpContext } from '../contract/http-handler.ts';
import type { Middleware as PlainMiddleware } from '../contract/middleware.ts';
import type { Params } from './path-params.ts';
import type { RequestWith, RoutedRequest } from './routed-request.ts';

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
export interface Middleware<Added = unknown> extends PlainMiddleware<RoutedRequest> {
  /** Never there: it carries the type. */
  readonly [ADDED]?: Added;
}

/** Answers the requests of one route. */
export type RouteHandler<PathParams = Params, Added = unknown> = (
  request: RequestWith<PathParams, Added>,
  context: HttpContext,
) => Answer;
