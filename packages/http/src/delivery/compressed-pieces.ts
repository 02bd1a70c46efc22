import type { Codec, Compressor } from './content-codings.ts';
import type { BodyPieces } from './response-pieces.ts';

/** What there is to compress, and how. */
export interface CompressionJob {
  readonly codec: Codec;
  /** What was read of the body already. */
  readonly first: readonly Uint8Array[];
  readonly pieces: BodyPieces;
  /** Runs a call when everything that is ready now has had its turn: nothing near by then, and what there is leaves. */
  readonly later: (call: () => void) => void;
}

/**
 * A body, compressed as it is read: the source is asked for more only when all that came of the last piece was taken.
 * Where the source makes a pause, the reader gets everything written so far.
 */
export class CompressedPieces implements AsyncIterableIterator<Uint8Array> {
  readonly #job: CompressionJob;
  readonly #compressor: Compressor;
  readonly #waiting: Uint8Array[];
  #ready: Buffer[] = [];
  #dirty = false;
  #ended = false;
  #failed: ((error: Error) => void) | undefined;

  constructor(job: CompressionJob) {
    this.#job = job;
    this.#waiting = [...job.first];
    this.#compressor = job.codec.stream();
    this.#compressor.on('data', (chunk: Buffer) => void this.#ready.push(chunk));
    this.#compressor.on('error', (error: Error) => this.#failed?.(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      for (;;) {
        const value = this.#takeReady();
        if (value) return { done: false, value };
        if (this.#ended) return { done: true, value: undefined };
        await this.#step();
      }
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Nobody reads on: the source is told, and the compressor gives its memory back. */
  destroy(): void {
    this.#ended = true;
    this.#ready = [];
    this.#job.pieces.cancel();
    this.#compressor.destroy();
    this.#failed?.(new Error('Cannot compress on as the reader has left'));
  }

  #takeReady(): Uint8Array | undefined {
    const ready = this.#ready;
    if (ready.length === 0) return undefined;
    this.#ready = [];
    return ready.length === 1 ? ready[0] : Buffer.concat(ready);
  }

  async #step(): Promise<void> {
    const { pieces, later, codec } = this.#job;
    const first = this.#waiting.shift();
    if (first) return this.#write(first);
    if (this.#dirty && !(await pieces.isNear(later))) {
      this.#dirty = false;
      return this.#run((done) => this.#compressor.flush(codec.flushKind, done));
    }
    const { done, bytes } = await pieces.next();
    if (this.#ended) return undefined;
    if (!done) return this.#write(bytes);
    await this.#run((ended) => void this.#compressor.once('end', ended).end());
    this.#ended = true;
    return undefined;
  }

  #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return Promise.resolve();
    this.#dirty = true;
    return this.#run((done) => void this.#compressor.write(bytes, () => done()));
  }

  #run(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      // What the step gave out is delivered by ticks that were asked for before this one.
      start(() => process.nextTick(resolve));
    });
  }
}
