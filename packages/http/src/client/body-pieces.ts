import { Readable } from 'node:stream';

/** A body that comes in pieces, from wherever. A node `Readable` is an async iterable. */
export type BodyStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>;

/**
 * The pieces of a stream as bytes, read once. `return` ends a stream at once, even while its next piece is waited for: the
 * iterators of streams would wait for that piece, which may never come. A generator cannot be helped.
 */
export class BodyPieces implements AsyncIterableIterator<Uint8Array> {
  readonly #next: () => Promise<IteratorResult<unknown>>;
  readonly #giveUp: () => unknown;

  constructor(stream: BodyStream) {
    if (stream instanceof ReadableStream) {
      const reader = stream.getReader();
      this.#next = async () => {
        const { done, value } = await reader.read();
        return done ? { done, value: undefined } : { done, value };
      };
      this.#giveUp = () => reader.cancel();
      return;
    }
    const iterator = (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    this.#next = () => iterator.next();
    this.#giveUp = () =>
      stream instanceof Readable ? stream.destroy() : iterator.return?.(undefined);
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const { done, value } = await this.#next();
    if (done) return { done, value: undefined };
    if (typeof value === 'string') return { done: false, value: Buffer.from(value) };
    if (value instanceof Uint8Array) return { done: false, value };
    throw new TypeError('Cannot send a piece of a body that is neither bytes nor text');
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#giveUp();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
