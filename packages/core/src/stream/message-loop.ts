import type { ByteQueue } from '../bytes/byte-queue.ts';
import {
  type Cutter,
  type Holder,
  type ParkedRead,
  type StreamReader,
  WAIT,
} from './stream-reader.ts';

/** So many messages in a row, and others have a turn: 64 KiB may hold as many lines. */
const IN_A_ROW = 500;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * `for await` over the messages a connection receives, until the input ends, the loop is left, or the process wants to
 * stop and no message has begun. What a message is, a subclass knows. Written out rather than as an async generator,
 * which costs three promises for each message.
 */
export abstract class MessageLoop<T>
  implements AsyncIterableIterator<T>, ParkedRead, Cutter<T | undefined>
{
  readonly #reader: StreamReader;
  readonly #holder: Holder | undefined;
  #left = false;
  #inARow = 0;
  #resolve: ((result: IteratorResult<T>) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** @param holder has bytes of a message between two of them, if the queue has not */
  constructor(reader: StreamReader, holder?: Holder) {
    this.#reader = reader;
    this.#holder = holder;
  }

  /** The next message, `undefined` at the end. */
  abstract cut(queue: ByteQueue, ended: boolean): T | undefined | typeof WAIT;

  /** Others may have read since the last message. */
  protected restart(): void {}

  /** Bytes of a message that are not in the queue. */
  protected get held(): number {
    return 0;
  }

  /** A message from a chunk that skips the queue, where that is possible. */
  protected cutChunk?(chunk: Buffer): T | typeof WAIT;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#left) return Promise.resolve(DONE);
    try {
      this.#reader.mustBeFree(this.#holder);
      if (this.#holder) this.#reader.hold(this.#holder);
      this.restart();
      if (this.#inARow < IN_A_ROW) {
        const known = this.#try();
        if (known !== WAIT) {
          this.#inARow += 1;
          return Promise.resolve(known);
        }
      }
    } catch (thrown) {
      this.#leave();
      return Promise.reject(thrown);
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#inARow < IN_A_ROW) this.#reader.park(this);
      else this.#reader.parkForATurn(this);
      this.#inARow = 0;
    });
  }

  /** Leaving the loop does nothing to the connection. */
  return(): Promise<IteratorResult<T>> {
    this.#reader.unpark(this);
    this.#leave();
    this.#resolve?.(DONE);
    return Promise.resolve(DONE);
  }

  get takesChunks(): boolean {
    return this.cutChunk !== undefined;
  }

  receive(chunk: Buffer): boolean {
    try {
      const message = this.cutChunk?.(chunk) ?? WAIT;
      return this.#settle(message === WAIT ? WAIT : { done: false, value: message });
    } catch (thrown) {
      return this.#threw(thrown);
    }
  }

  attempt(): boolean {
    try {
      return this.#settle(this.#try());
    } catch (thrown) {
      return this.#threw(thrown);
    }
  }

  #settle(known: IteratorResult<T> | typeof WAIT): boolean {
    if (known === WAIT) return false;
    this.#resolve?.(known);
    return true;
  }

  #threw(error: unknown): true {
    this.#leave();
    this.#reject?.(error);
    return true;
  }

  #try(): IteratorResult<T> | typeof WAIT {
    const message = this.#reader.try(this);
    if (message === WAIT) {
      const idle = this.#reader.queue.length === 0 && this.held === 0;
      if (!idle || !this.#reader.draining) return WAIT;
    }
    if (message === WAIT || message === undefined) {
      this.#leave();
      return DONE;
    }
    return { done: false, value: message };
  }

  #leave(): void {
    this.#left = true;
    if (this.#holder) this.#reader.letGo(this.#holder);
  }
}
