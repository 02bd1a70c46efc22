import { ByteQueue } from './byte-queue.ts';

/** Cuts bytes into frames, whatever a frame is: what {@link FrameDecoder} and `LineDecoder` have in common. */
export interface Decoder<Frame = Buffer> extends Iterable<Frame> {
  /** Adds bytes, which the decoder owns from now on. Gives itself, to loop over. */
  push(chunk: Uint8Array): this;
  /** The next complete frame, or `undefined`. A `ProtocolError` comes once; nothing comes after it. */
  next(): Frame | undefined;
  /** Takes the bytes that are in no frame yet, such as the `leftover` for `handTo`. */
  rest(): Buffer;
  /** Bytes that are in no frame yet. More than none at the end of input means that a frame was cut off. */
  readonly buffered: number;
}

/**
 * A decoder from one function: `cut` takes one frame from the front of the queue, or gives `undefined` and leaves the
 * queue as it is when the frame is not complete. It throws a `ProtocolError` for bytes that are no frame, and as soon as
 * it knows that a frame will be too long. It is called again for each chunk, so it should look at few bytes.
 *
 * @example
 * // Records of eight bytes.
 * const decoder = new FrameDecoder((queue) => (queue.length < 8 ? undefined : queue.take(8)));
 */
export class FrameDecoder<Frame = Buffer> implements Decoder<Frame> {
  readonly #queue = new ByteQueue();
  readonly #cut: (queue: ByteQueue) => Frame | undefined;
  #finished = false;

  constructor(cut: (queue: ByteQueue) => Frame | undefined) {
    this.#cut = cut;
  }

  push(chunk: Uint8Array): this {
    if (!this.#finished) this.#queue.push(chunk);
    return this;
  }

  next(): Frame | undefined {
    if (this.#queue.length === 0) return undefined;
    try {
      const frame = this.#cut(this.#queue);
      if (frame === undefined) this.#queue.compact();
      return frame;
    } catch (thrown) {
      this.#finished = true;
      this.#queue.clear();
      throw thrown;
    }
  }

  *[Symbol.iterator](): Iterator<Frame> {
    for (let frame = this.next(); frame !== undefined; frame = this.next()) yield frame;
  }

  rest(): Buffer {
    return this.#queue.takeAll();
  }

  get buffered(): number {
    return this.#queue.length;
  }
}
