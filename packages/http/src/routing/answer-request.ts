import type { HttpContext } from '../contract/http-handler.ts';
import { HttpResponse } from '../web/http-response.ts';
import { compileChain, runChain } from './chain.ts';
import { plainAnswer } from './error-answer.ts';
import type { Answer, RouteHandler } from './middleware.ts';
import type { Params } from './path-params.ts';
import { hidesSlash, isUnwelcome, pathOf, queryOf, restOf, targetOf } from './request-path.ts';
import type { RouteTable } from './route-table.ts';
import { asRouted } from './routed-request.ts';
import type { Scope } from './scope.ts';
import type { Site } from './site.ts';

/** What a router does with paths that differ from those of a route by a slash at the end. */
export type TrailingSlash = 'strict' | 'ignore' | 'redirect';

/** Answers one request from the table. */
export function answerRequest(
  table: RouteTable,
  trailingSlash: TrailingSlash,
  request: Request,
  context: HttpContext,
): Answer {
  const { url, method } = request;
  const target = targetOf(url);
  const only = table.onlySite;
  const { site, params: hostParams } =
    only === undefined ? table.siteOf(url) : { site: only, params: undefined };
  if (isUnwelcome(target)) {
    return answerOutside(site.root, badPath, hostParams, target, request, context);
  }
  const found = site.find(method, target);
  if (found === undefined) {
    const { scope, params } = site.scopeAt(target);
    const handler = otherwise(site, scope, target, method, trailingSlash);
    const all = params === undefined ? hostParams : { ...params, ...hostParams };
    return answerOutside(scope, handler, all, target, request, context);
  }
  const { route, way, chain } = found.leaf;
  if (way.slashesBeforeRest > 0 && !route.mounted && target.includes('%')) {
    if (hidesSlash(restOf(pathOf(target), way.slashesBeforeRest))) {
      return answerOutside(route.scope, badPath, hostParams, target, request, context);
    }
  }
  const params = hostParams === undefined ? found.params : Object.assign(found.params, hostParams);
  return runChain(chain, asRouted(request, params, found.query), context);
}

function answerOutside(
  scope: Scope,
  handler: RouteHandler,
  params: Params | undefined,
  target: string,
  request: Request,
  context: HttpContext,
): Answer {
  return runChain(
    compileChain(scope, [], handler),
    asRouted(request, params, queryOf(target)),
    context,
  );
}

// What answers where no route does: methods that a path has no route for, and paths that have none at all.
function otherwise(
  site: Site,
  scope: Scope,
  target: string,
  method: string,
  trailingSlash: TrailingSlash,
): RouteHandler {
  const allowed = site.allowed(target);
  if (allowed !== undefined) {
    const allow = [...new Set([...allowed, 'OPTIONS'])].join(', ');
    return method === 'OPTIONS' ? () => noContent(allow) : () => methodNotAllowed(allow);
  }
  if (trailingSlash === 'redirect') {
    const location = withOtherSlash(target);
    if (location !== undefined && site.allowed(location) !== undefined) {
      return () => redirect(location);
    }
  }
  for (let at: Scope | undefined = scope; at; at = at.parent) if (at.notFound) return at.notFound;
  return notFound;
}

function badPath(): Response {
  return plainAnswer(400, 'Bad Request');
}

function notFound(): Response {
  return plainAnswer(404, 'Not Found');
}

// RFC 9110 §9.3.7
function noContent(allow: string): Response {
  return new HttpResponse(null, { status: 204, headers: { allow } });
}

// RFC 9110 §15.5.6
function methodNotAllowed(allow: string): Response {
  return plainAnswer(405, 'Method Not Allowed', { allow });
}

function redirect(location: string): Response {
  return new HttpResponse(null, { status: 308, headers: { location } });
}

// What begins with two slashes would name another host (RFC 3986 §4.2).
function withOtherSlash(target: string): string | undefined {
  const path = pathOf(target);
  if (path === '/' || path.startsWith('//')) return undefined;
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
  return other + target.slice(path.length);
}
