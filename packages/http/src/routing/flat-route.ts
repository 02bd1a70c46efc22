import type { Middleware, RouteHandler } from './middleware.ts';
import type { RoutePattern } from './route-pattern.ts';
import type { Scope } from './scope.ts';

/** A route as it was added to a router. */
export interface RouteRecord {
  /** `undefined` is every method. */
  readonly methods: readonly string[] | undefined;
  readonly pattern: RoutePattern;
  readonly middleware: readonly Middleware[];
  readonly handler: RouteHandler;
  /** Whether it stands for an application: its `*` is not a parameter and not looked at. */
  readonly mounted: boolean;
}

/** A route with the path of every router around it. */
export interface FlatRoute extends RouteRecord {
  readonly scope: Scope;
}

/** A router mounted somewhere, with the path of every router around it. */
export interface FlatScope {
  readonly scope: Scope;
  /** `/` for the outermost. */
  readonly prefix: string;
}
