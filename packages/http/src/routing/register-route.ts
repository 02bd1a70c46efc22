import { UsageError } from '@hawser/core';
import type { HttpHandler } from '../contract/http-handler.ts';
import type { HttpErrorCode } from '../errors.ts';
import { kindOf } from '../web/kind-of.ts';
import { tryPattern } from './method-tree.ts';
import type { Middleware, RouteHandler } from './middleware.ts';
import { type FetchApplication, withoutPrefix } from './mount-application.ts';
import { badPattern, joinPatterns, parseRoutePattern, type RoutePattern } from './route-pattern.ts';
import type { RouteTable } from './route-table.ts';

// What is said to a router, checked: errors come where the mistake is, not at the first request.

/**
 * Adds a route; `rest` are its middleware and its handler.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_ROUTE` or `HAWSER_HTTP_DUPLICATE_ROUTE`; TypeError for what is no function
 */
export function registerRoute(
  table: RouteTable,
  methods: readonly string[] | undefined,
  text: string,
  rest: readonly unknown[],
): void {
  const pattern = checkedPattern(text);
  const functions = rest.map((each) =>
    asFunction(each, `Cannot add the route ${JSON.stringify(text)}`),
  );
  const handler = functions.pop() as RouteHandler | undefined;
  if (handler === undefined) {
    throw new TypeError(`Cannot add the route ${JSON.stringify(text)} as it has no handler`);
  }
  table.addRoute({
    methods,
    pattern,
    middleware: functions as unknown as Middleware[],
    handler,
    mounted: false,
  });
}

/** Adds routes for everything at and below `prefix`. @throws UsageError as {@link registerRoute} */
export function registerApplication(
  table: RouteTable,
  prefix: string,
  application: HttpHandler | FetchApplication,
): void {
  const { fetch } = (application ?? {}) as Partial<FetchApplication>;
  if (typeof application !== 'function' && typeof fetch !== 'function') {
    throw new TypeError(
      `Cannot mount ${kindOf(application)} at ${JSON.stringify(prefix)}: give a router, a handler, an app with fetch, or nodeApp(app)`,
    );
  }
  const segments = prefix.split('/').filter((segment) => segment !== '').length;
  const handler = withoutPrefix(application, segments);
  for (const text of [joinPatterns(prefix, '/'), joinPatterns(prefix, '*')]) {
    const pattern = checkedPattern(text);
    table.addRoute({ methods: undefined, pattern, middleware: [], handler, mounted: true });
  }
}

function checkedPattern(text: string): RoutePattern {
  const pattern = parseRoutePattern(text);
  try {
    for (const way of pattern.ways) tryPattern(way);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badPattern(text, Math.max(0, text.indexOf('(')), why);
  }
  return pattern;
}

// RFC 9110 §5.6.2
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A list of methods without repetitions. @throws UsageError `HAWSER_HTTP_BAD_ROUTE` for what is no token */
export function checkMethods(methods: string | readonly string[]): readonly string[] {
  const list = [...new Set(typeof methods === 'string' ? [methods] : methods)];
  const bad = list.find((method) => !TOKEN.test(method) || method === '*');
  if (list.length === 0 || bad !== undefined) {
    throw new UsageError<HttpErrorCode>(
      'HAWSER_HTTP_BAD_ROUTE',
      `Cannot add a route as its methods must be tokens: ${JSON.stringify(methods)}`,
    );
  }
  return list;
}

/** @throws TypeError for what is no function */
export function asFunction<T>(value: T, what: string): T {
  if (typeof value === 'function') return value;
  throw new TypeError(`${what} as it is no function: ${kindOf(value)}`);
}
