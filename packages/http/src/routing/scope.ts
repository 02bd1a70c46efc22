import type { ErrorHandlers } from './error-handlers.ts';
import type { Middleware, RouteHandler } from './middleware.ts';

/** What a router does to everything in it, and the router around it. */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly middleware: readonly Middleware[];
  readonly errors: ErrorHandlers;
  readonly notFound: RouteHandler | undefined;
}

/** `scope` and those around it, the outermost first. */
export function scopesFromOutside(scope: Scope): Scope[] {
  const scopes: Scope[] = [];
  for (let at: Scope | undefined = scope; at; at = at.parent) scopes.unshift(at);
  return scopes;
}
