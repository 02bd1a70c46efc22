import type { Answer, HttpContext, HttpHandler } from '../contract/http-handler.ts';
import type { AddRoute, AddRouteFor } from './add-route.ts';
import { answerRequest } from './answer-request.ts';
import type { ErrorClass, ErrorHandler } from './error-handlers.ts';
import type { HostParams } from './host-pattern.ts';
import type { TrailingSlash, TreeOptions } from './method-tree.ts';
import type { Middleware, RouteHandler } from './middleware.ts';
import type { FetchApplication } from './mount-application.ts';
import type { NoParams, PathParams } from './path-params.ts';
import { asFunction, checkMethods, registerApplication, registerRoute } from './register-route.ts';
import { formatRoutes, type RouteListing } from './route-listing.ts';
import { RouteTable } from './route-table.ts';

/** Options for {@link router}. A router inside another must not say anything else than the one around it. */
export interface RouterOptions {
  /** Whether `/a` and `/A` are two paths. @defaultValue true */
  readonly caseSensitive?: boolean | undefined;
  /**
   * Whether `/a` and `/a/` are two paths (`strict`), the same (`ignore`), or two of which one leads to the other by 308
   * if only that one has routes (`redirect`). @defaultValue 'strict'
   */
  readonly trailingSlash?: TrailingSlash | undefined;
  /**
   * Longest value of a parameter, in characters; over it the route does not match. A regular expression in a pattern sees
   * no more than that of what peers send. `*` has no limit. @defaultValue 512
   */
  readonly maxParamLength?: number | undefined;
}

declare const NEEDED: unique symbol;

/** What can be mounted: a router, or a handler; `Outer` are the parameters it expects from what is around it. */
export interface Mountable<Outer> {
  (request: Request, context: HttpContext): Answer;
  /** Never there: it carries the type. */
  readonly [NEEDED]?: (params: Outer) => void;
}

/**
 * Chooses a handler by method, host and path. A router is an {@link HttpHandler}: `http(router().get('/', home))`.
 *
 * - Of the routes that match, the one whose text says most goes first: static, then parameters with a regular expression,
 *   then parameters, then `*`; whatever the order in which they were added.
 * - GET answers HEAD. A path with routes for other methods answers OPTIONS with 204 and everything else with 405, both
 *   with `Allow`; another path answers 404. Middleware of the router sees all of these.
 * - Parameters are percent-decoded once and never empty. An encoded slash stays inside its parameter; in what `*` takes,
 *   where it would become a segment, it is answered with 400, as is what cannot be decoded. `.` and `..` segments are
 *   resolved when the URL of a request is made; where some are left, in requests from elsewhere, that is 400 too.
 * - A regular expression in a pattern must not take much longer for twice the text: one that repeats what it repeats
 *   (`(\\d+)*`) is refused, others that try a text in many ways (`\\d*\\d*x`, `(?:a|a)*`) are not seen.
 * - Middleware counts for every route of its router, also those added before.
 */
export interface Router<Outer = NoParams, Added = unknown> extends Mountable<Outer> {
  readonly get: AddRoute<Router<Outer, Added>, Outer, Added>;
  readonly post: AddRoute<Router<Outer, Added>, Outer, Added>;
  readonly put: AddRoute<Router<Outer, Added>, Outer, Added>;
  readonly patch: AddRoute<Router<Outer, Added>, Outer, Added>;
  readonly delete: AddRoute<Router<Outer, Added>, Outer, Added>;
  readonly head: AddRoute<Router<Outer, Added>, Outer, Added>;
  readonly options: AddRoute<Router<Outer, Added>, Outer, Added>;
  /** Every method for which the same pattern has no route of its own. */
  readonly all: AddRoute<Router<Outer, Added>, Outer, Added>;
  /** Any methods: `.on(['PROPFIND', 'REPORT'], '/calendars/:name', handler)`. */
  readonly on: AddRouteFor<Router<Outer, Added>, Outer, Added>;
  /** Puts middleware around everything in this router, within what is there already: first = outermost. */
  use<A>(middleware: Middleware<A>): Router<Outer, Added & A>;
  /**
   * Puts a router, a handler or a `fetch` application below a path, for every method.
   *
   * The routes of a router become routes of this one: `request.url` is as it was, parameters of `prefix` are in
   * `params`, its middleware and its error handlers stand inside those of this router, its `notFound` answers below
   * `prefix`. A handler or application knows nothing of that: its `request.url` lacks the prefix.
   */
  mount<P extends string>(
    prefix: P,
    application: Mountable<Outer & PathParams<P>> | FetchApplication,
  ): Router<Outer, Added>;
  /**
   * Routes a host: `api.example.net`, `:tenant.example.net` or `*.example.net`. Hosts are compared without regard to
   * case, port and a dot at the end. A host has the routes of its own router only, within the middleware of this one;
   * the routes of this router are for every other host.
   */
  host<H extends string>(host: H, inner: Mountable<Outer & HostParams<H>>): Router<Outer, Added>;
  /**
   * Answers errors of a class, thrown in this router or in those inside it that do not answer them; the most specific class
   * goes first. What has no handler goes to the server, but for an `HttpError` that is not to be reported, as those up to 499:
   * it is answered here. A handler for `HttpError` itself also answers what the router refuses: 400, 404 without a
   * `notFound`, and 405 with `allow` among the headers.
   */
  onError<E extends Error>(type: ErrorClass<E>, handler: ErrorHandler<E>): Router<Outer, Added>;
  /** Answers paths without routes. */
  notFound(handler: RouteHandler<Partial<Outer>, Added>): Router<Outer, Added>;
  /** The table of routes, those of the hosts last. */
  routes(): readonly RouteListing[];
  /** The table of routes, one a line. */
  toString(): string;
}

const tables = new WeakMap<object, RouteTable>();

/**
 * Makes a router. `Outer` are the parameters it gets from the routers around it.
 *
 * @example
 * const app = router()
 *   .get('/hosts/:name', ({ params }) => Response.json(zone.get(params.name)))
 *   .onError(NoSuchHost, () => new HttpResponse('No such host', { status: 404 }));
 * serve('tcp://:8080', http(app));
 */
export function router<Outer = NoParams>(options: RouterOptions = {}): Router<Outer> {
  const table = new RouteTable(treeOptions(options), options);
  const handle: HttpHandler = (request, context) => answerRequest(table, request, context);
  const self = handle as unknown as Router<Outer>;
  const adder =
    (methods: readonly string[] | undefined) =>
    (pattern: string, ...rest: unknown[]) => {
      registerRoute(table, methods, pattern, rest);
      return self;
    };
  tables.set(self, table);
  return Object.assign(self, {
    get: adder(['GET']),
    post: adder(['POST']),
    put: adder(['PUT']),
    patch: adder(['PATCH']),
    delete: adder(['DELETE']),
    head: adder(['HEAD']),
    options: adder(['OPTIONS']),
    all: adder(undefined),
    on: (methods: string | readonly string[], pattern: string, ...rest: unknown[]) => {
      registerRoute(table, checkMethods(methods), pattern, rest);
      return self;
    },
    use(middleware: Middleware) {
      if (typeof middleware === 'string') {
        throw new TypeError(
          'Cannot use middleware for a path alone: take mount(path, router().use(...))',
        );
      }
      table.addMiddleware(asFunction(middleware, 'Cannot use middleware'));
      return self;
    },
    mount(prefix: string, application: HttpHandler | FetchApplication) {
      const inner = tables.get(application);
      if (inner) table.addMount(prefix, inner);
      else registerApplication(table, prefix, application);
      return self;
    },
    host(host: string, inner: HttpHandler) {
      table.addHost(host, tables.get(inner) ?? tableOf(inner, table.options));
      return self;
    },
    onError(type: ErrorClass<Error>, handler: ErrorHandler<Error>) {
      if (typeof type !== 'function' || typeof type.prototype !== 'object') {
        throw new TypeError('Cannot handle errors without their class: onError(Class, handler)');
      }
      table.addErrorHandler(type, asFunction(handler, 'Cannot handle errors'));
      return self;
    },
    notFound(handler: RouteHandler) {
      table.setNotFound(asFunction(handler, 'Cannot answer paths without routes'));
      return self;
    },
    routes: () => table.list(),
    toString: () => formatRoutes(table.list()),
  }) as unknown as Router<Outer>;
}

function treeOptions(options: RouterOptions): TreeOptions {
  const { caseSensitive = true, trailingSlash = 'strict', maxParamLength = 512 } = options;
  if (!Number.isInteger(maxParamLength) || maxParamLength < 1) {
    throw new RangeError(
      `Cannot route as maxParamLength must be a whole number from 1: ${maxParamLength}`,
    );
  }
  return { caseSensitive, trailingSlash, maxParamLength };
}

// A host that one handler answers.
function tableOf(handler: HttpHandler, options: TreeOptions): RouteTable {
  const table = new RouteTable(options, {});
  registerApplication(table, '/', handler);
  return table;
}
