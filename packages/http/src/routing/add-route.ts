import type { Middleware, RouteHandler } from './middleware.ts';
import type { ParamsWithin } from './path-params.ts';

/**
 * Adds a route: a pattern, then middleware of its own (first = outermost), then its handler. Gives the router.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_ROUTE` for a bad pattern, `HAWSER_HTTP_DUPLICATE_ROUTE` for one that is there
 */
export interface AddRoute<Self, Outer, Added> {
  <P extends string>(pattern: P, handler: RouteHandler<ParamsWithin<Outer, P>, Added>): Self;
  <P extends string, A>(
    pattern: P,
    first: Middleware<A>,
    handler: RouteHandler<ParamsWithin<Outer, P>, Added & A>,
  ): Self;
  <P extends string, A, B>(
    pattern: P,
    first: Middleware<A>,
    second: Middleware<B>,
    handler: RouteHandler<ParamsWithin<Outer, P>, Added & A & B>,
  ): Self;
  <P extends string, A, B, C>(
    pattern: P,
    first: Middleware<A>,
    second: Middleware<B>,
    third: Middleware<C>,
    handler: RouteHandler<ParamsWithin<Outer, P>, Added & A & B & C>,
  ): Self;
  <P extends string, A, B, C, D>(
    pattern: P,
    first: Middleware<A>,
    second: Middleware<B>,
    third: Middleware<C>,
    fourth: Middleware<D>,
    handler: RouteHandler<ParamsWithin<Outer, P>, Added & A & B & C & D>,
  ): Self;
}

/** As {@link AddRoute}, for the methods in front of the pattern. */
export interface AddRouteFor<Self, Outer, Added> {
  <P extends string>(
    methods: string | readonly string[],
    pattern: P,
    handler: RouteHandler<ParamsWithin<Outer, P>, Added>,
  ): Self;
  <P extends string, A>(
    methods: string | readonly string[],
    pattern: P,
    first: Middleware<A>,
    handler: RouteHandler<ParamsWithin<Outer, P>, Added & A>,
  ): Self;
  <P extends string, A, B>(
    methods: string | readonly string[],
    pattern: P,
    first: Middleware<A>,
    second: Middleware<B>,
    handler: RouteHandler<ParamsWithin<Outer, P>, Added & A & B>,
  ): Self;
  <P extends string, A, B, C>(
    methods: string | readonly string[],
    pattern: P,
    first: Middleware<A>,
    second: Middleware<B>,
    third: Middleware<C>,
    handler: RouteHandler<ParamsWithin<Outer, P>, Added & A & B & C>,
  ): Self;
}
