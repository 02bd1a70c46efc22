import type { FieldLines } from './field-lines.ts';
import type { RequestHead, ResponseHeadRead } from './message-head.ts';

/** How much of a message is read before it is refused. */
export interface CodecLimits {
  /** Request line or status line and header lines together, in octets; over it 431. @defaultValue 16_384 */
  readonly maxHeadBytes: number;
  /** Header lines; over it 431. @defaultValue 100 */
  readonly maxFields: number;
  /** The target of a request, in octets; over it 414. @defaultValue 8_192 */
  readonly maxTargetBytes: number;
  /** Chunk extensions of one body together, in octets; over it 400. @defaultValue 16_384 */
  readonly maxChunkExtensionBytes: number;
  /** Trailer lines of one body together, in octets; over it 431. @defaultValue 16_384 */
  readonly maxTrailerBytes: number;
  /**
   * Methods beside the registered ones (the IANA registry). Any other token gets 501: the end of a body that lost its
   * framing must not be taken for a request.
   */
  readonly extraMethods: readonly string[];
}

/** Why bytes are no message. After it nothing that follows on the connection can be trusted. */
export interface Malformed {
  /** What a server answers: 400, 413, 414, 417, 431, 501 or 505. */
  readonly status: number;
  /** Stable, for tests and counters, such as `duplicate-content-length`. */
  readonly code: string;
}

/**
 * What a reader calls, in the order `head (data)* end`, again and again. Each call may call `pause` of the reader; then
 * nothing follows before `resume`.
 */
export interface MessageSink<H> {
  head(head: H): void;
  data(chunk: Buffer): void;
  end(trailers: FieldLines): void;
}

/**
 * Reads messages from bytes that may be cut anywhere. It does no I/O, has no clock, never throws, and keeps at most one
 * head, or the bytes of one `feed`, of what it has not delivered.
 */
export interface MessageReader {
  /** Reads on. Gives why not, once and for ever, when the bytes are no message. */
  feed(chunk: Buffer): Malformed | undefined;
  /** Delivers nothing more before `resume`; what is fed meanwhile is kept. */
  pause(): void;
  /** Goes on with what was kept. */
  resume(): Malformed | undefined;
  /** The peer ended its side. Gives `undefined` if that was between two messages, or is the end of a body. */
  finish(): Malformed | undefined;
  /** What was fed and not delivered, for the next protocol. The reader is of no use after it. */
  takeRest(): Buffer;
  /** Where it stands. */
  readonly state: 'idle' | 'head' | 'body' | 'stopped';
}

export type RequestSink = MessageSink<RequestHead>;
export type ResponseSink = MessageSink<ResponseHeadRead>;
