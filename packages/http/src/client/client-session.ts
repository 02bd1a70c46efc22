import type { Transport } from '@hawser/core';
import type { IncomingBody, OutgoingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';

/** A request as a session sends it: what is the same over every version of HTTP. */
export interface SessionRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** `/path?query`, or `host:port` for CONNECT. */
  readonly target: string;
  /** Without framing and connection fields, and without Host. */
  readonly fields: FieldLines;
  /** The whole body; `undefined` for none; a length, or `'chunked'`, for one that comes in pieces. */
  readonly body: Uint8Array | undefined | { readonly length: number | undefined };
  /** Wait for 100 before the body is sent, this long. */
  /** Fields will follow a body that comes in pieces. */
  readonly hasTrailers: boolean;
  readonly continueTimeoutMs: number | undefined;
  /** What to speak instead (RFC 9110 §7.8). With CONNECT the connection becomes a tunnel. */
  readonly upgrade: string | undefined;
  readonly timeouts: SessionTimeouts;
}

/** How long a session waits for its peer, in milliseconds; 0 for ever. */
interface SessionTimeouts {
  readonly headMs: number;
  readonly bodyIdleMs: number;
}

/** What becomes of a request. `head`, `switched` or `failed` comes once, last; then it is up to the body. */
export interface SessionEvents {
  /** Something like 103, before the answer. */
  interim(head: ResponseHeadRead): void;
  /** The body may be sent now: at once, or when the server has asked for it. Only for one that comes in pieces. */
  upload(body: OutgoingBody): void;
  /** The server has answered before it had the body, which it does not want any more. */
  uploadStopped(): void;
  head(head: ResponseHeadRead, body: IncomingBody): void;
  /** The connection speaks something else from now on. */
  switched(head: ResponseHeadRead, connection: SwitchedConnection): void;
  failed(error: Error): void;
  /** The response has come as a whole, or cannot any more. Once, last of all. */
  closed(): void;
}

/** A connection between two protocols: nothing is read from it before somebody takes it. */
export interface SwitchedConnection {
  readonly transport: Transport;
  /** What came with the head, for the next protocol. */
  readonly leftover: Buffer;
}

/** One request under way. */
export interface SessionExchange {
  /** Gives it up, at any time. Over HTTP/1 the connection goes with it, over HTTP/2 only the stream. */
  abort(error: Error): void;
}

/** A connection that carries requests: one at a time over HTTP/1, many over HTTP/2. */
export interface ClientSession {
  /** How many requests could begin now. */
  readonly capacity: number;
  /** How many are under way. */
  readonly active: number;
  /** It could carry more than one at a time. */
  readonly multiplexes: boolean;
  /** Its server has yet to say how many requests it takes, or takes none for now: whoever waits should wait for that. */
  readonly settling: boolean;
  /** False while it has not yet carried a request. */
  readonly reused: boolean;
  /** When it was made, in milliseconds on the reactor's clock. */
  readonly openedAt: number;
  start(request: SessionRequest, events: SessionEvents): SessionExchange;
  /** Ends it when it is idle. */
  close(): void;
  abort(error?: Error): void;
}

/** Who keeps a session. */
export interface SessionOwner {
  /** It can take another request, or has settled. Never called from inside of `start`. */
  available(session: ClientSession): void;
  /** Its server wants HTTP/1.1 (RFC 9113 §7), or does not know HTTP/2. It is spent then. */
  downgraded(session: ClientSession): void;
  /** It takes no more requests. Its connection may still be busy. */
  spent(session: ClientSession): void;
  /** Its connection is gone. Once. */
  gone(session: ClientSession): void;
}
