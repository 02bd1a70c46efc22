import FindMyWay from 'find-my-way';
import type { Params } from './path-params.ts';
import type { PatternWay } from './route-pattern.ts';

/** What a tree has found. */
export interface Found<L extends Leaf> {
  readonly leaf: L;
  readonly params: Params;
  /** Without the question mark. */
  readonly query: string;
}

/** Where a way of a pattern ends. */
export interface Leaf {
  readonly way: PatternWay;
}

/** What a router does with paths that differ from those of a route by a slash at the end. */
export type TrailingSlash = 'strict' | 'ignore' | 'redirect';

/** How paths are compared. */
export interface TreeOptions {
  readonly caseSensitive: boolean;
  readonly trailingSlash: TrailingSlash;
  readonly maxParamLength: number;
}

type Finder = FindMyWay.Instance<FindMyWay.HTTPVersion.V1>;

// Every tree holds one method, under the name that find-my-way looks up fastest; so any token can be a method.
const METHOD = 'GET';
// The only character whose lower case is longer than itself: places after it would be off.
const GROWS = /%c4%b0/i;

/** The routes of one method. */
export class MethodTree<L extends Leaf> {
  readonly #leaves: readonly L[];
  readonly #options: TreeOptions;
  readonly #finder: Finder;
  /** Made when needed: the routes with `*`, for paths in which a parameter would be empty. */
  #rests: Finder | undefined;

  constructor(leaves: readonly L[], options: TreeOptions) {
    this.#leaves = leaves;
    this.#options = options;
    this.#finder = makeFinder(leaves, options);
  }

  /** @param target path and query */
  find(target: string): Found<L> | undefined {
    const found = findIn<L>(this.#finder, target);
    if (found === undefined) return undefined;
    if (hasEmptyParam(found)) return this.#findRest(target);
    if (!this.#options.caseSensitive && GROWS.test(target)) return undefined;
    return found;
  }

  // What would have matched before was tried before; only "*" takes nothing.
  #findRest(target: string): Found<L> | undefined {
    this.#rests ??= makeFinder(
      this.#leaves.filter((leaf) => leaf.way.slashesBeforeRest > 0),
      this.#options,
    );
    const found = findIn<L>(this.#rests, target);
    return found === undefined || hasEmptyParam(found) ? undefined : found;
  }
}

function hasEmptyParam({ leaf, params }: Found<Leaf>): boolean {
  const { filled } = leaf.way;
  for (let at = 0; at < filled.length; at += 1) {
    if (params[filled[at] as string] === '') return true;
  }
  return false;
}

function findIn<L extends Leaf>(finder: Finder, target: string): Found<L> | undefined {
  const found = finder.find(METHOD, target);
  if (found === null || found.store === null) return undefined;
  return {
    leaf: found.store as L,
    params: found.params as Params,
    query: found.searchParams as unknown as string,
  };
}

function makeFinder(leaves: readonly Leaf[], options: TreeOptions): Finder {
  const { caseSensitive, trailingSlash, maxParamLength } = options;
  const finder = FindMyWay({
    caseSensitive,
    maxParamLength,
    ignoreTrailingSlash: trailingSlash === 'ignore',
    querystringParser: (text) => text,
  });
  for (const leaf of leaves) finder.on(METHOD, leaf.way.text, nothing, leaf);
  return finder;
}

function nothing(): void {}

/** @throws Error when find-my-way refuses the pattern, as its regular expression is not safe */
export function tryPattern(way: PatternWay): void {
  const finder = FindMyWay();
  finder.on(METHOD, way.text, nothing);
}
