import type { RequestOptions } from './client-options.ts';
import type { BodyInput } from './request-body.ts';

/** What the standard `fetch` takes for its first argument. */
export type FetchInput = string | URL | Request;

/** What the standard `fetch` takes for its second one, and what a request of ours takes besides. */
export interface FetchInit
  extends Pick<NonNullable<Parameters<typeof fetch>[1]>, 'credentials' | 'duplex'>,
    RequestOptions {}

/** The URL of either. */
export function fetchTarget(input: FetchInput): string | URL {
  return input instanceof Request ? input.url : input;
}

/** The options of a standard call. What is only about browsers has no effect; what is `undefined` is not said. */
export function fetchOptions(input: FetchInput, init?: FetchInit | null): RequestOptions {
  const all: FetchInit = init instanceof Request ? membersOf(init) : (init ?? {});
  const { credentials, duplex: _, ...given } = all;
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: RequestOptions = Object.fromEntries(said);
  const own = input instanceof Request ? membersOf(input) : {};
  // A body may be given as something else than the `body` of the request.
  const replaces = options.json !== undefined || options.form !== undefined;
  return {
    ...own,
    ...(replaces ? { body: null } : {}),
    ...options,
    ...(credentials === 'omit' ? { cookies: false } : {}),
  };
}

/** What of a Request the standard takes for options: its members are not its own properties. */
function membersOf({ method, headers, body, signal, redirect }: Request): FetchInit {
  return { method, headers, body: body as unknown as BodyInput | null, signal, redirect };
}
