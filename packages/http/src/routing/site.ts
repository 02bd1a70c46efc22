import { type Chain, compileChain } from './chain.ts';
import type { FlatRoute, FlatScope } from './flat-route.ts';
import { type Found, type Leaf, MethodTree, type TreeOptions } from './method-tree.ts';
import type { Params } from './path-params.ts';
import { keyOf, RouteIndex } from './route-index.ts';
import { joinPatterns, parseRoutePattern } from './route-pattern.ts';
import type { Scope } from './scope.ts';

/** Where a route ends. */
export interface RouteLeaf extends Leaf {
  readonly route: FlatRoute;
  readonly chain: Chain;
}

interface ScopeLeaf extends Leaf {
  readonly scope: Scope;
}

/** The routes of one host, compiled. */
export interface Site {
  readonly root: Scope;
  /** @param target path and query */
  find(method: string, target: string): Found<RouteLeaf> | undefined;
  /**
   * The methods that the path has routes for, in order; `undefined` if there is none. `tried` is one that is known to have
   * none.
   */
  allowed(target: string, tried?: string): readonly string[] | undefined;
  /** Whether the path has a route, for whatever method. */
  has(target: string): boolean;
  /** The innermost router that the path is in, and the parameters of where it is mounted. */
  scopeAt(target: string): { readonly scope: Scope; readonly params: Params | undefined };
}

/** @throws UsageError `HAWSER_HTTP_DUPLICATE_ROUTE`, see {@link RouteIndex} */
export function compileSite(
  routes: readonly FlatRoute[],
  scopes: readonly FlatScope[],
  options: TreeOptions,
): Site {
  const index = new RouteIndex(options);
  for (const route of routes) index.add(route);
  const chains = new Map(
    routes.map((route) => [route, compileChain(route.scope, route.middleware, route.handler)]),
  );
  const chainOf = (route: FlatRoute): Chain => chains.get(route) as Chain;
  const trees = new Map<string, MethodTree<RouteLeaf>>();
  const methods = new Set(routes.flatMap((route) => route.methods ?? []));
  for (const method of methods) trees.set(method, treeOf({ method, routes, chainOf, options }));
  const others = treeOf({ method: undefined, routes, chainOf, options });
  const gets = trees.get('GET');
  const heads = trees.get('HEAD') ?? gets;
  let any: readonly MethodTree<RouteLeaf>[] | undefined;
  const has = (target: string): boolean => {
    any ??= treesOfAll(routes, chainOf, options);
    return any.some((tree) => tree.find(target));
  };
  const root = scopes[0]?.scope as Scope;
  const scopeTree = scopes.length > 1 ? treeOfScopes(scopes, options) : undefined;
  return {
    root,
    find(method, target) {
      const tree = method === 'GET' ? gets : method === 'HEAD' ? heads : trees.get(method);
      return (tree ?? others).find(target);
    },
    allowed(target, tried) {
      // Most paths that have no route have none at all: that is seen at once, however many methods there are.
      if (!has(target)) return undefined;
      const found = new Set<string>();
      const known = tried === 'HEAD' && heads === gets ? 'GET' : tried;
      for (const [method, tree] of trees) {
        if (method !== known && tree.find(target)) found.add(method);
      }
      if (found.has('GET')) found.add('HEAD');
      return found.size === 0 ? undefined : [...found].sort();
    },
    has,
    scopeAt(target) {
      const found = scopeTree?.find(target);
      if (found === undefined) return { scope: root, params: undefined };
      const { '*': _rest, ...params } = found.params;
      return { scope: found.leaf.scope, params };
    },
  };
}

interface TreeParts {
  /** `undefined` is one that no route names. */
  readonly method: string | undefined;
  readonly routes: readonly FlatRoute[];
  readonly chainOf: (route: FlatRoute) => Chain;
  readonly options: TreeOptions;
}

// What is added first stays: a route of the method, then for HEAD one of GET, then one of every method.
function treeOf({ method, routes, chainOf, options }: TreeParts): MethodTree<RouteLeaf> {
  const leaves = new Map<string, RouteLeaf>();
  const add = (fits: (route: FlatRoute) => boolean | undefined): void => {
    for (const route of routes) {
      if (!fits(route)) continue;
      for (const way of route.pattern.ways) {
        const key = keyOf(way.key, options);
        if (!leaves.has(key)) leaves.set(key, { route, way, chain: chainOf(route) });
      }
    }
  };
  if (method !== undefined) add((route) => route.methods?.includes(method));
  if (method === 'HEAD') add((route) => route.methods?.includes('GET'));
  add((route) => route.methods === undefined);
  return new MethodTree([...leaves.values()], options);
}

// Every route, whatever its method. Of two with other expressions in one place the second is in the next tree.
function treesOfAll(
  routes: readonly FlatRoute[],
  chainOf: (route: FlatRoute) => Chain,
  options: TreeOptions,
): readonly MethodTree<RouteLeaf>[] {
  const groups: Map<string, RouteLeaf>[] = [];
  for (const route of routes) {
    for (const way of route.pattern.ways) {
      const key = keyOf(way.key, options);
      const free = groups.find((group) => {
        const before = group.get(key);
        return before === undefined || before.way.signature === way.signature;
      });
      const group = free ?? new Map<string, RouteLeaf>();
      if (free === undefined) groups.push(group);
      if (!group.has(key)) group.set(key, { route, way, chain: chainOf(route) });
    }
  }
  return groups.map((group) => new MethodTree([...group.values()], options));
}

function treeOfScopes(scopes: readonly FlatScope[], options: TreeOptions): MethodTree<ScopeLeaf> {
  const leaves = new Map<string, ScopeLeaf>();
  for (const { scope, prefix } of scopes) {
    for (const text of [prefix, joinPatterns(prefix, '*')]) {
      // Of two routers in one place the first answers for it, if it has anything to say.
      for (const way of parseRoutePattern(text).ways) {
        const key = keyOf(way.key, options);
        const before = leaves.get(key);
        if (before === undefined || (!before.scope.notFound && scope.notFound)) {
          leaves.set(key, { scope, way });
        }
      }
    }
  }
  return new MethodTree([...leaves.values()], options);
}
