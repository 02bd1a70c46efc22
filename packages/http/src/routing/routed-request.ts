import type { NoParams, Params } from './path-params.ts';
import { QueryView } from './query-view.ts';
import { carryRequestState } from './request-state.ts';

/** What a router adds to a request. */
export interface Routed<PathParams = Params> {
  /** What the parameters of the pattern stand for, percent-decoded once. */
  readonly params: PathParams;
  /** The query; typed and checked where the route has `validate({ query })`. */
  readonly query: QueryView;
}

/** The request as a handler below a router gets it: the same object, with what the router found. */
export type RoutedRequest<PathParams = Params> = Request & Routed<PathParams>;

/** A routed request with what the middleware before the handler added; what it added goes first. */
export type RequestWith<PathParams, Added> = unknown extends Added
  ? RoutedRequest<PathParams>
  : Omit<RoutedRequest<PathParams>, keyof Added> & Added;

const NO_PARAMS: NoParams = Object.freeze(Object.create(null));

/** Makes `request` a routed one. The properties are its own, so that they can be destructured from any Request. */
export function asRouted(
  request: Request,
  params: Params | undefined,
  query: string,
): RoutedRequest {
  const routed = request as { -readonly [Key in keyof Routed]: Routed[Key] } & Request;
  routed.params = params ?? NO_PARAMS;
  routed.query = query === '' ? QueryView.EMPTY : new QueryView(query);
  return routed;
}

/** `replacement` in the place of `request`, with everything that was put on that: parameters, what was validated, state. */
export function replaceRouted(request: RoutedRequest, replacement: Request): RoutedRequest {
  for (const key of Object.keys(request)) {
    if (Object.hasOwn(replacement, key)) continue;
    const property = Object.getOwnPropertyDescriptor(request, key) as PropertyDescriptor;
    Object.defineProperty(replacement, key, property);
  }
  carryRequestState(request, replacement);
  return replacement as RoutedRequest;
}
