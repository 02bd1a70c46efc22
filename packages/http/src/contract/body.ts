import type { FieldLines } from './field-lines.ts';

/** Who takes the body of a message, piece by piece. */
export interface BodyConsumer {
  /** Owns `chunk`. Call `pause` on the body to get no more. */
  data(chunk: Buffer): void;
  /** The body is complete. */
  end(): void;
  /** The rest cannot be had: the peer left, was too slow, or broke the framing. Instead of `end`. */
  failed(error: Error): void;
}

/**
 * The body of a message that arrives. Nothing is read from the peer, beyond what came with the head, before somebody
 * consumes it: that is the back-pressure.
 */
export interface IncomingBody {
  /** Octets, where the peer has said so; 0 if there is no body. */
  readonly length: number | undefined;
  /** True once everything has arrived from the peer, whether or not it was consumed. */
  readonly received: boolean;
  /** Fields after a body in chunks; empty before its end. */
  readonly trailers: FieldLines;
  /** True once somebody consumes or discards it. */
  readonly used: boolean;
  /**
   * Begins to deliver, in later turns or at once; sends 100 first if the peer waits for it. Once.
   * @throws UsageError `HAWSER_BUSY` when somebody consumes it already
   */
  consume(consumer: BodyConsumer): void;
  /** No `data` and no `end` until `resume`. */
  pause(): void;
  resume(): void;
  /** Nobody wants the rest: at most 64 KiB of it are read and thrown away, else the connection ends with the answer. */
  discard(): void;
}

/** The body of a message that leaves. */
export interface OutgoingBody {
  /** Takes ownership. False: wait for `drained`. What comes after the end or after the peer has left is dropped. */
  write(chunk: Uint8Array): boolean;
  /** Calls `listener` once when the peer has taken what was written; not if it has left. */
  onceDrained(listener: () => void): void;
  /** The body is complete. Trailers are left out where the peer did not ask for them (RFC 9110 §6.5.1). */
  end(trailers?: FieldLines): void;
  /** It cannot be completed: the peer is made to see that, by a reset, as half an answer must not pass for a whole. */
  abort(error: Error): void;
}
