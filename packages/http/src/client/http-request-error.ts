import { ConnectionError, type CoreErrorCode, ProtocolError } from '@hawser/core';
import type { HttpErrorCode } from '../errors.ts';

/** How far a request had come when it failed. */
export type RequestPhase = 'queue' | 'connect' | 'send' | 'head' | 'body' | 'redirect';

/** What an error of a request says besides its code. */
export interface RequestFailure extends ErrorOptions {
  readonly phase: RequestPhase;
  /**
   * Whether the server can have seen the request. `nothing`: no byte of it was sent, so even a POST may be sent again.
   * `unread`: it was sent on a connection that had served before, and ended without a byte of an answer.
   * @defaultValue 'something'
   */
  readonly sent?: 'nothing' | 'unread' | 'something' | undefined;
}

/**
 * A request that got no response, or not all of it: the network, the clock or a limit of the client. Trying again may
 * help. A connection that could not be made has the code of the `ConnectError` that is its `cause`, such as
 * `HAWSER_RESOLVE`.
 */
export class HttpRequestError extends ConnectionError<CoreErrorCode | HttpErrorCode> {
  override readonly name = 'HttpRequestError';
  readonly phase: RequestPhase;
  readonly sent: 'nothing' | 'unread' | 'something';

  constructor(code: CoreErrorCode | HttpErrorCode, message: string, failure: RequestFailure) {
    const { phase, sent = 'something', cause } = failure;
    super(code, message, cause === undefined ? undefined : { cause });
    this.phase = phase;
    this.sent = sent;
  }
}

/** A response that breaks HTTP, or a limit of the client. Trying again will not help. */
export class HttpResponseError extends ProtocolError<HttpErrorCode> {
  override readonly name = 'HttpResponseError';
  readonly phase: RequestPhase;
  /** What is wrong with it, stable, such as `duplicate-content-length`. */
  readonly reason: string | undefined;

  constructor(
    code: HttpErrorCode,
    message: string,
    failure: ErrorOptions & { readonly phase: RequestPhase; readonly reason?: string | undefined },
  ) {
    super(code, message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.phase = failure.phase;
    this.reason = failure.reason;
  }
}
