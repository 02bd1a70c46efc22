import { UsageError } from '@hawser/core';
import type { HttpErrorCode } from '../errors.ts';
import { type Chain, compileChain } from './chain.ts';
import type { FlatRoute, FlatScope } from './flat-route.ts';
import { type Found, type Leaf, MethodTree, type TreeOptions } from './method-tree.ts';
import { parseRoutePattern } from './route-pattern.ts';
import type { Scope } from './scope.ts';

/** The routes of one host, compiled. */
export interface Site {
  readonly root: Scope;
  /** The chain of `route`, made once. */
  chainOf(route: FlatRoute): Chain;
  /** @param target path and query */
  find(method: string, target: string): Found | undefined;
  /** The methods that the path has routes for, in order; `undefined` if there is none. */
  allowed(target: string): readonly string[] | undefined;
  /** The innermost router that the path is in. */
  scopeAt(target: string): Scope;
}

/** @throws UsageError `HAWSER_HTTP_DUPLICATE_ROUTE`, see {@link checkDuplicates} */
export function compileSite(
  routes: readonly FlatRoute[],
  scopes: readonly FlatScope[],
  options: TreeOptions,
): Site {
  checkDuplicates(routes, options);
  const trees = new Map<string, MethodTree>();
  const methods = new Set(routes.flatMap((route) => route.methods ?? []));
  if (methods.has('GET')) methods.add('HEAD');
  for (const method of methods) trees.set(method, treeOf(method, routes, options));
  const others = treeOf(undefined, routes, options);
  const chains = new Map(
    routes.map((route) => [route, compileChain(route.scope, route.middleware, route.handler)]),
  );
  const gets = trees.get('GET');
  const root = scopes[0]?.scope as Scope;
  const scopeTree = scopes.length > 1 ? treeOfScopes(scopes, options) : undefined;
  return {
    root,
    chainOf: (route) => chains.get(route) as Chain,
    find(method, target) {
      const tree = method === 'GET' ? gets : trees.get(method);
      return (tree ?? others).find(target);
    },
    allowed(target) {
      const found = [...trees].filter(([, tree]) => tree.find(target) !== undefined);
      return found.length === 0 ? undefined : found.map(([method]) => method).sort();
    },
    scopeAt: (target) => scopeTree?.find(target)?.leaf.route.scope ?? root,
  };
}

/**
 * A route of one method goes before one of every method, and GET answers HEAD; else two routes must not be the same.
 *
 * @throws UsageError `HAWSER_HTTP_DUPLICATE_ROUTE`, which names both
 */
export function checkDuplicates(routes: readonly FlatRoute[], options: TreeOptions): void {
  const seen = new Map<string, { route: FlatRoute; signature: string }>();
  for (const route of routes) {
    for (const way of route.pattern.ways) {
      const key = keyOf(way.key, options);
      for (const method of route.methods ?? ['*']) {
        const before = seen.get(`${method} ${key}`);
        if (before !== undefined) throw duplicate(method, route, before.route);
        seen.set(`${method} ${key}`, { route, signature: way.signature });
      }
    }
  }
  // One goes before the other only where both are the same; find-my-way cannot keep two expressions in one place.
  for (const [name, { route, signature }] of seen) {
    const every = seen.get(`*${name.slice(name.indexOf(' '))}`);
    if (every !== undefined && every.signature !== signature) {
      throw duplicate(name.slice(0, name.indexOf(' ')), route, every.route);
    }
  }
}

function treeOf(
  method: string | undefined,
  routes: readonly FlatRoute[],
  options: TreeOptions,
): MethodTree {
  const leaves = new Map<string, Leaf>();
  const add = (fits: (route: FlatRoute) => boolean | undefined): void => {
    for (const route of routes) {
      if (!fits(route)) continue;
      for (const way of route.pattern.ways) {
        const key = keyOf(way.key, options);
        if (!leaves.has(key)) leaves.set(key, { route, way });
      }
    }
  };
  if (method !== undefined) add((route) => route.methods?.includes(method));
  if (method === 'HEAD') add((route) => route.methods?.includes('GET'));
  add((route) => route.methods === undefined);
  return new MethodTree([...leaves.values()], options);
}

function treeOfScopes(scopes: readonly FlatScope[], options: TreeOptions): MethodTree {
  const leaves = new Map<string, Leaf>();
  for (const { scope, prefix } of scopes) {
    const base = prefix === '/' ? '' : prefix;
    for (const text of [prefix, `${base}/*`]) {
      const pattern = parseRoutePattern(text);
      const route = { scope, pattern } as FlatRoute;
      // Of two routers in one place the one mounted first answers for it.
      for (const way of pattern.ways) {
        const key = keyOf(way.key, options);
        if (!leaves.has(key)) leaves.set(key, { route, way });
      }
    }
  }
  return new MethodTree([...leaves.values()], options);
}

function keyOf(key: string, options: TreeOptions): string {
  const cased = options.caseSensitive ? key : key.toLowerCase();
  return options.ignoreTrailingSlash && cased.length > 1 && cased.endsWith('/')
    ? cased.slice(0, -1)
    : cased;
}

function duplicate(method: string, added: FlatRoute, before: FlatRoute): UsageError<HttpErrorCode> {
  const show = (route: FlatRoute): string => `"${method} ${route.pattern.text}"`;
  return new UsageError(
    'HAWSER_HTTP_DUPLICATE_ROUTE',
    `Cannot add ${show(added)} as the router could not tell it from ${show(before)}`,
  );
}
