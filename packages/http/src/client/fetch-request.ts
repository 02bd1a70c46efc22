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

/** The options of a standard call. What is only about browsers has no effect. */
export function fetchOptions(input: FetchInput, init: FetchInit = {}): RequestOptions {
  const { credentials, duplex: _, ...given } = init;
  const options: RequestOptions = credentials === 'omit' ? { ...given, cookies: false } : given;
  if (!(input instanceof Request)) return options;
  const { method, headers, body, signal, redirect } = input;
  const own: RequestOptions = {
    method,
    headers,
    signal,
    redirect,
    body: body as unknown as BodyInput | null,
  };
  // A body may be given as something else than the `body` of the request.
  const replaces = options.json !== undefined || options.form !== undefined;
  return { ...own, ...(replaces ? { body: null } : {}), ...options };
}
