import type { FieldLines } from '../contract/field-lines.ts';
import type { HeadersInput } from '../contract/http-handler.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { EndpointChoice } from './destination.ts';
import type { Progress } from './progress.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** How a request is to be made, with every option decided. */
export interface RunOptions {
  readonly timeouts: {
    readonly connectMs: number;
    readonly headMs: number;
    readonly bodyIdleMs: number;
    readonly totalMs: number;
  };
  readonly maxBodyBytes: number;
  readonly decompress: boolean;
  readonly maxDecompressionRatio: number;
  readonly redirect: 'follow' | 'manual' | 'error';
  readonly maxRedirects: number;
  /** Names of fields that a redirect takes along to its own origin only, in lower case. */
  readonly sensitiveFields: ReadonlySet<string>;
  readonly retry: RetryPolicy;
  readonly cookies: CookieJar | undefined;
  /** Of the request, for its own origin. */
  readonly endpoint: EndpointChoice | undefined;
  /** Of the client, for every origin. */
  readonly clientEndpoint: EndpointChoice | undefined;
  readonly signal: AbortSignal | undefined;
  /** What an abort of the signal fails with: an error of ours, or as the standard `fetch` the reason of the signal. */
  readonly abortsAs: 'cancelled' | 'reason';
  readonly continueTimeoutMs: number | undefined;
  /** What to speak instead of HTTP. */
  readonly upgrade: string | undefined;
  /** `host:port` to have a tunnel to. */
  readonly tunnel: string | undefined;
  /** Gives the fields after the body. */
  readonly trailers: (() => HeadersInput) | undefined;
  readonly onInterim: ((status: number, fields: FieldLines) => void) | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}
