import type { InfoKey, Transport } from '@hawser/core';

/** What header fields can be made from: a record, pairs, or a `Headers`. */
export type HeadersInput = NonNullable<ConstructorParameters<typeof Headers>[0]>;

/** A response, now or later. What is there now is passed on now: nothing becomes a promise on its way. */
export type Answer = Response | Promise<Response>;

/**
 * Answers one request. A throw or a rejection is reported and answered with a plain 500, unless it is an
 * {@link HttpError}. Requests of one HTTP/1 connection come one at a time, in order; those of an HTTP/2 connection side by
 * side.
 *
 * `request` is an {@link HttpRequest}: it has every member of the standard one and makes each only when it is asked
 * for. The answer may be a standard Response, from wherever it comes; an {@link HttpResponse} costs a tenth of it.
 */
export type HttpHandler = (request: Request, context: HttpContext) => Answer;

/** What a handler knows beside the request. */
export interface HttpContext extends Pick<Transport, 'id' | 'reactor' | 'local' | 'peer' | 'info'> {
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  readonly version: '1.0' | '1.1' | '2.0';
  /** Aborted when the peer leaves before it has the whole answer. As `request.signal`. */
  readonly signal: AbortSignal;
  /** Settles when the answer has left, or cannot any more. Never rejects. Made when asked for. */
  readonly done: Promise<void>;
  /** Status of the answer that was sent, by whomever; `undefined` until then. Final once `done` has settled. */
  readonly sentStatus: number | undefined;
  /** Octets of the answer's body given to the connection so far; final once `done` has settled. */
  readonly sentBytes: number;
  /** Sends an interim response now, such as 103 with `link` fields (RFC 8297). Does nothing for HTTP/1.0. */
  inform(status: number, fields: HeadersInput): void;
  /** Fields after the body of the request (RFC 9112 §7.1.2): complete once the body was read to its end. */
  readonly trailers: Headers;
  /**
   * Notes a fact about this exchange, such as who the client is: `info` gives it from then on, before what the
   * connection says. How a middleware tells those after it something; the key keeps the type.
   */
  provide<T>(key: InfoKey<T>, value: T): void;
}
