// What a transport gets for a message.

/** Many messages that answer one query, as a zone transfer takes (RFC 5936 §2.2). Take the next one when there is room. */
export interface ReplyStream {
  /** The next message; undefined after the last, and after a failure. Never throws. */
  next(): Buffer | undefined;
  /** The client must not take what it has for the whole: end the connection. */
  readonly failed: boolean;
  /** No more messages are wanted. Harmless after the last. */
  cancel(why: Error): void;
}

/** One message, several, or silence. */
export type ReadyReply = Buffer | ReplyStream | undefined;

/** A reply, or a promise of one where a handler needs time. Never rejects. Several messages only over a stream. */
export type Reply = ReadyReply | Promise<ReadyReply>;
