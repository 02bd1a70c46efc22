import type { Factory, Transport } from '@hawser/core';
import type { IncomingBody, OutgoingBody } from './body.ts';
import type { FieldLines } from './field-lines.ts';
import type { ResponseHead } from './message-head.ts';

/**
 * One request and its answer, the same over HTTP/1 and HTTP/2: what an engine shows to whoever answers. Exactly one of
 * `respond`, `stream` and `takeOver` is called, once; a second call is a `UsageError` `HAWSER_BUSY`.
 */
export interface HttpExchange {
  /** The connection: who it is with, when it is gone. Not for reading or writing. */
  readonly transport: Transport;
  readonly version: '1.0' | '1.1' | '2.0';
  readonly scheme: 'http' | 'https';
  readonly method: string;
  /** `/path?query`, `*` for OPTIONS, `host:port` for CONNECT. */
  readonly target: string;
  /** Whom the request is for: `:authority`, the authority of an absolute target, or Host. */
  readonly authority: string | undefined;
  readonly fields: FieldLines;
  readonly rawFields: FieldLines;
  /** What the peer would like to speak instead, such as `websocket`. Never over HTTP/2. */
  readonly upgrade: string | undefined;
  readonly body: IncomingBody;

  /**
   * Aborted when the peer leaves before it has the whole answer, and over HTTP/1 already when it ends its side: it may
   * have left, or wait for the answer, which is sent. Made when asked for.
   */
  readonly signal: AbortSignal;
  /** True once the peer has left or the answer was given up: what is answered is dropped from then on. */
  readonly gone: boolean;
  /** Calls `listener` when the peer leaves before it has the whole answer. Cheaper than `signal`. */
  onGone(listener: (reason: Error) => void): Disposable;
  /**
   * Calls `listener` when the server wants its connections to end, in a later turn if it does so already: answers without
   * an end of their own, such as streams of events, should end now. Not after the answer has left.
   */
  onDrain?(listener: () => void): Disposable;
  /** Settles when the answer has left, or cannot any more. Never rejects. */
  readonly done: Promise<void>;

  /** Sends an interim response, such as 103 (RFC 8297). Left out for HTTP/1.0. */
  inform(status: number, fields: FieldLines): void;
  /**
   * Sends the whole answer. A string is UTF-8. For HEAD only its length counts; for 204, 205 and 304 the body is thrown
   * away.
   * @throws UsageError `HAWSER_NOT_AVAILABLE` for 2xx to CONNECT, which opens a tunnel: that is for `takeOver`
   */
  respond(head: ResponseHead, body?: string | Uint8Array): void;
  /**
   * Sends the head, and the body as it comes. For HEAD, 204, 205 and 304 the body is thrown away.
   * @throws UsageError as `respond`
   */
  stream(head: ResponseHead): OutgoingBody;
  /**
   * Gives the connection to another protocol, with what the peer has sent of it already. `head` is sent first, such as
   * 101 or 200 to CONNECT; without it the protocol answers the request itself. Only over HTTP/1.1, when the peer asked
   * for it by `Upgrade` or CONNECT.
   * @throws UsageError `HAWSER_NOT_AVAILABLE` otherwise
   */
  takeOver(factory: Factory, head?: ResponseHead): void;
}

/** Answers exchanges: what an engine drives. Must not throw; what goes wrong later is its own to answer. */
export type Responder = (exchange: HttpExchange) => void;
