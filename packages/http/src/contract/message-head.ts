import type { FieldLines } from './field-lines.ts';

/** The head of a request, as read from the wire and found to be in order (RFC 9112 §3). */
export interface RequestHead {
  /** As sent; methods are case-sensitive. */
  readonly method: string;
  /**
   * `/path?query`, `*` for OPTIONS, `host:port` for CONNECT. What came as an absolute URL has lost its scheme and
   * authority here: the latter is `authority`.
   */
  readonly target: string;
  /** Of an absolute target, or Host; `undefined` only in HTTP/1.0, where it may be missing. */
  readonly authority: string | undefined;
  readonly version: '1.0' | '1.1';
  readonly fields: FieldLines;
  /** The same lines with the names as they were sent. Made when asked for. */
  readonly rawFields: FieldLines;
  /** The connection may carry another request after this one (RFC 9112 §9.3). */
  readonly keepAlive: boolean;
  /** The peer waits for 100 before it sends the body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean;
  /** What the peer would like to speak instead: the `Upgrade` field of a request whose `Connection` says so. */
  readonly upgrade: string | undefined;
  /** Octets of the body: 0 if there is none, `undefined` if it comes in chunks. */
  readonly bodyLength: number | undefined;
}

/** The head of a response, as read from the wire (RFC 9112 §4, RFC 9113 §8.3.2). */
export interface ResponseHeadRead {
  readonly status: number;
  readonly statusText: string;
  readonly version: '1.0' | '1.1' | '2.0';
  readonly fields: FieldLines;
  readonly rawFields: FieldLines;
  readonly keepAlive: boolean;
  /** Octets of the body: 0 if there is none, `undefined` if it comes in chunks or until the connection ends. */
  readonly bodyLength: number | undefined;
}

/** The head of a response to be written. */
export interface ResponseHead {
  readonly status: number;
  /** @defaultValue the phrase of RFC 9110 for the status */
  readonly statusText?: string | undefined;
  /**
   * Without framing and connection fields: the engine writes `Content-Length`, `Transfer-Encoding`, `Connection` and,
   * where it is missing, `Date`. A `content-length` in here is taken as a promise: what is written must keep it. `close`
   * in `connection` ends the connection after the answer, over HTTP/1.
   */
  readonly fields: FieldLines;
}
