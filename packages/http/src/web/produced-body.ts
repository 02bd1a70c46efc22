import { ConnectionError, UsageError } from '@hawser/core';

/** What a producer of a body works with. */
export interface BodyWriter {
  /**
   * Sends a piece; text as UTF-8. Settles when the peer can take more: wait for it before the next, else it rejects with
   * UsageError `HAWSER_BUSY` and the answer is cut off. Rejects with ConnectionError `HAWSER_CLOSED` once `signal` is
   * aborted, which needs no handler.
   */
  readonly write: (piece: Uint8Array | string) => Promise<void>;
  /** Aborted when nobody wants more: the peer has left, or wants no body. */
  readonly signal: AbortSignal;
}

/** Writes a body. It is complete when the promise settles, and cut off when that rejects. */
export type BodyProducer = (body: BodyWriter) => Promise<void>;

interface Offered {
  readonly piece: Uint8Array | string;
  readonly taken: () => void;
  readonly refused: (error: Error) => void;
}

/** A body that is written rather than read: one piece at a time changes hands. Starts with the first `next`. */
export class ProducedBody implements BodyWriter, AsyncIterableIterator<Uint8Array | string> {
  readonly #produce: BodyProducer;
  readonly #controller = new AbortController();
  #started = false;
  #offered: Offered | undefined;
  /** Given away; whoever wrote it waits until the next is asked for. */
  #given: Offered | undefined;
  /** The producer has ended, or nobody wants more. */
  #over = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(produce: BodyProducer) {
    this.#produce = produce;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly write = (piece: Uint8Array | string): Promise<void> => {
    const written = new Promise<void>((taken, refused) => {
      if (this.#over) {
        refused(nobodyReads());
      } else if (this.#offered || this.#given) {
        const error = busy();
        this.#end({ error });
        refused(error);
      } else {
        this.#offered = { piece, taken, refused };
        this.#wake?.();
      }
    });
    // A producer that does not wait must not end the process by it.
    written.catch(() => undefined);
    return written;
  };

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array | string, undefined>> {
    this.#given?.taken();
    this.#given = undefined;
    if (!this.#started) this.#start();
    if (!this.#offered && !this.#over) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
      this.#wake = undefined;
    }
    if (this.#failure) throw this.#failure.error;
    const given = this.#offered;
    if (!given) return { done: true, value: undefined };
    this.#offered = undefined;
    this.#given = given;
    return { done: false, value: given.piece };
  }

  return(): Promise<IteratorResult<Uint8Array | string, undefined>> {
    this.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Nobody wants more. */
  destroy(): void {
    const error = nobodyReads();
    this.#given?.refused(error);
    this.#offered?.refused(error);
    this.#given = undefined;
    this.#offered = undefined;
    this.#end();
    this.#controller.abort(error);
  }

  #start(): void {
    this.#started = true;
    if (this.#over) return;
    void this.#run();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      await this.#produce(this);
      this.#end();
    } catch (error) {
      this.#end({ error });
    }
  }

  #end(failure?: { readonly error: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = failure;
    this.#wake?.();
  }
}

function nobodyReads(): ConnectionError {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot write to a body as nobody reads it');
}

function busy(): UsageError {
  return new UsageError(
    'HAWSER_BUSY',
    'Cannot write to a body as the piece before has not been taken: wait for each write',
  );
}
