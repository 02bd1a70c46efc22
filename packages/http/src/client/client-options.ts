import type { TlsClientOptions } from '@hawser/core';
import type { CodecLimits } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { HeadersInput } from '../contract/http-handler.ts';
import type { ClientProtocol, PoolOptions } from './connection-pool.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { EndpointChoice } from './destination.ts';
import type { Http2ClientOptions } from './http2-client-options.ts';
import type { Progress } from './progress.ts';
import type { BodyInput } from './request-body.ts';
import type { RetryOptions } from './retry-policy.ts';
import type { QueryInput } from './with-query.ts';

/** How long a request waits, in milliseconds; 0 for ever. All on the clock of the reactor. */
export interface RequestTimeouts {
  /** For a connection, TLS included. Only for the client as a whole. @defaultValue 10_000 */
  readonly connectMs?: number | undefined;
  /** From when the request was sent until the head of the response is there. @defaultValue 30_000 */
  readonly headMs?: number | undefined;
  /** For the next piece of a body while somebody reads it, or for the peer to take one. @defaultValue 30_000 */
  readonly bodyIdleMs?: number | undefined;
  /**
   * For everything, waits, redirects, retries and the body of the response included. @defaultValue 0, as a download may
   * take its time
   */
  readonly totalMs?: number | undefined;
}

/** What a client and a single request can both say; the request has the last word. */
interface SharedOptions {
  readonly timeouts?: RequestTimeouts | undefined;
  /** Most octets that `json`, `text`, `bytes` and `collect` hold, after decoding. @defaultValue 10_485_760 */
  readonly maxBodyBytes?: number | undefined;
  /** Ask for compressed content and decode it. @defaultValue true */
  readonly decompress?: boolean | undefined;
  /** Content may grow so many times when it is decoded, beyond its first mebibyte. @defaultValue 200 */
  readonly maxDecompressionRatio?: number | undefined;
  /** What a redirect leads to. @defaultValue 'follow' */
  readonly redirect?: 'follow' | 'manual' | 'error' | undefined;
  /** @defaultValue 10 */
  readonly maxRedirects?: number | undefined;
  /**
   * Names of fields of your own that tell who is asking, such as `x-api-key`: like `authorization`, `cookie` and
   * `proxy-authorization` they are not taken along to another origin, and not from `https:` to `http:`. Other fields are.
   * @defaultValue none
   */
  readonly sensitiveFields?: readonly string[] | undefined;
  /** Whether and how a request is sent again; `false` for only what was not sent at all. */
  readonly retry?: RetryOptions | false | undefined;
  /** Keeps cookies; `false` for a request that has nothing to do with those of the client. @defaultValue none */
  readonly cookies?: CookieJar | false | undefined;
}

/** Options for {@link httpClient}. */
export interface HttpClientOptions extends SharedOptions {
  /** What relative URLs stand on. */
  readonly baseUrl?: string | URL | undefined;
  /** Fields for every request that does not say otherwise. A redirect takes credentials along to its own origin only. */
  readonly headers?: HeadersInput | undefined;
  /** How servers are reached. @defaultValue by TCP, to the host and port of the URL */
  readonly endpoint?: EndpointChoice | undefined;
  /** For `https:`. The name of the URL is verified unless this says otherwise. */
  readonly tls?: TlsClientOptions | undefined;
  /**
   * What the client speaks. Over TLS the server chooses among them; without TLS HTTP/2 is spoken only where it is the only
   * one, `['h2']`, to servers that are known to speak it. A server that agrees on HTTP/2 and does not do it is asked again
   * over HTTP/1.1. @defaultValue ['http/1.1'], which costs less a request
   */
  readonly protocols?: readonly ClientProtocol[] | undefined;
  /** Limits that only HTTP/2 needs. */
  readonly http2?: Http2ClientOptions | undefined;
  readonly pool?: PoolOptions | undefined;
  /** How much of a response is read before it is refused. */
  readonly limits?: Partial<CodecLimits> | undefined;
}

/** Options for one request. */
export interface RequestOptions extends SharedOptions {
  /** @defaultValue 'GET', or what the function is called */
  readonly method?: string | undefined;
  readonly headers?: HeadersInput | undefined;
  /** Add `accept`, `accept-encoding` and `user-agent` where they are missing. @defaultValue true */
  readonly implicitHeaders?: boolean | undefined;
  /** Parameters to add to the query of the URL. */
  readonly query?: QueryInput | undefined;
  readonly body?: BodyInput | null | undefined;
  /** Octets of a body that comes in pieces, if they are known: without it, it is sent in chunks. */
  readonly bodyLength?: number | undefined;
  /**
   * Gives the fields after a body that comes in pieces, once all of it has been sent. Over HTTP/1.1 they are left out if
   * the body has a length. What it throws fails the request.
   */
  readonly trailers?: (() => HeadersInput) | undefined;
  /** A value to send as JSON, instead of `body`. */
  readonly json?: unknown;
  /** Fields of a form to send url-encoded, instead of `body`. */
  readonly form?: QueryInput | undefined;
  /** `[user, password]` for Basic, a token for Bearer. Not sent on to another origin. */
  readonly auth?: readonly [user: string, password: string] | string | undefined;
  /** What `Host` names, and `:authority` over HTTP/2. A redirect to another origin is for its own. @defaultValue that of the URL */
  readonly authority?: string | undefined;
  /** How this server is reached. A redirect to another origin goes the way of the client. */
  readonly endpoint?: EndpointChoice | undefined;
  /** Ends the request, and the body of its response, when aborted. */
  readonly signal?: AbortSignal | null | undefined;
  /** Wait until the server asks for the body, so many milliseconds at most; `true` for a second. @defaultValue false */
  readonly expectContinue?: boolean | number | undefined;
  /** Hears of responses like 103 that come before the answer. */
  readonly onInterim?: ((status: number, fields: FieldLines) => void) | undefined;
  /** Hears how far the bodies are, some ten times a second, and at the end of each. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}
