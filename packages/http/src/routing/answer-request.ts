import { STATUS_CODES } from 'node:http';
import type { Answer, HttpContext } from '../contract/http-handler.ts';
import { HttpError } from '../http-error.ts';
import { HttpResponse } from '../web/http-response.ts';
import { compileChain, runChain } from './chain.ts';
import { plainAnswer } from './error-answer.ts';
import type { TreeOptions } from './method-tree.ts';
import type { RouteHandler } from './middleware.ts';
import { hidesSlash, isUnwelcome, pathOf, queryOf, restOf, targetOf } from './request-path.ts';
import type { RouteTable } from './route-table.ts';
import { asRouted } from './routed-request.ts';
import type { Scope } from './scope.ts';
import type { RouteLeaf, Site } from './site.ts';

/** Answers one request from the table. */
export function answerRequest(table: RouteTable, request: Request, context: HttpContext): Answer {
  const { url, method } = request;
  const target = targetOf(url);
  const only = table.onlySite;
  const { site, params: hostParams } =
    only === undefined ? table.siteOf(url) : { site: only, params: undefined };
  if (isUnwelcome(target)) {
    const routed = asRouted(request, hostParams, queryOf(target));
    return runChain(compileChain(site.root, [], badPath(site.root)), routed, context);
  }
  const found = site.find(method, target);
  if (found === undefined) {
    const { scope, params } = site.scopeAt(target);
    const handler = otherwise(site, scope, target, method, table.options);
    const all = params === undefined ? hostParams : { ...params, ...hostParams };
    return runChain(
      compileChain(scope, [], handler),
      asRouted(request, all, queryOf(target)),
      context,
    );
  }
  const params = hostParams === undefined ? found.params : Object.assign(found.params, hostParams);
  const routed = asRouted(request, params, found.query);
  const { leaf } = found;
  if (leaf.way.slashesBeforeRest > 0 && hidesSegment(leaf, target)) {
    const { scope } = leaf.route;
    return runChain(compileChain(scope, [], badPath(scope)), routed, context);
  }
  return runChain(leaf.chain, routed, context);
}

function hidesSegment({ route, way }: RouteLeaf, target: string): boolean {
  if (route.mounted || !target.includes('%')) return false;
  return hidesSlash(restOf(pathOf(target), way.slashesBeforeRest));
}

// What answers where no route does: methods that a path has no route for, and paths that have none at all.
function otherwise(
  site: Site,
  scope: Scope,
  target: string,
  method: string,
  { trailingSlash }: TreeOptions,
): RouteHandler {
  const allowed = site.allowed(target, method);
  if (allowed !== undefined) {
    const allow = [...new Set([...allowed, 'OPTIONS'])].join(', ');
    return method === 'OPTIONS' ? () => noContent(allow) : refusal(scope, 405, { allow });
  }
  if (trailingSlash === 'redirect') {
    const location = withOtherSlash(target);
    if (location !== undefined && site.has(location)) return () => redirect(location);
  }
  for (let at: Scope | undefined = scope; at; at = at.parent) if (at.notFound) return at.notFound;
  return refusal(scope, 404);
}

function badPath(scope: Scope): RouteHandler {
  return refusal(scope, 400);
}

// By whoever answers every HttpError, so that an API need not answer some things as text.
function refusal(scope: Scope, status: 400 | 404 | 405, headers?: { allow: string }): RouteHandler {
  const phrase = STATUS_CODES[status] ?? '';
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const handler = at.errors.of(HttpError);
    if (handler === undefined) continue;
    return (request, context) =>
      handler(new HttpError(status, phrase, { headers }), request, context);
  }
  return () => plainAnswer(status, phrase, headers);
}

// RFC 9110 §9.3.7
function noContent(allow: string): Response {
  return new HttpResponse(null, { status: 204, headers: { allow } });
}

function redirect(location: string): Response {
  return new HttpResponse(null, { status: 308, headers: { location } });
}

// What begins with two slashes would name another host (RFC 3986 §4.2); browsers read "\" as a slash.
function withOtherSlash(target: string): string | undefined {
  const path = pathOf(target);
  if (path === '/' || /^\/[/\\]/.test(path)) return undefined;
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
  return other + target.slice(path.length);
}
