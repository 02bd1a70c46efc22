import type { CodecLimits, Malformed } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { ChunkScanner } from './chunk-scanner.ts';
import { LineSplitter } from './line-splitter.ts';
import { TrailerReader } from './trailer-reader.ts';

/** Reads bodies in chunks and the trailers after them, one body after the other (RFC 9112 §7.1). */
export class ChunkedBody {
  readonly #scanner: ChunkScanner;
  readonly #trailers: TrailerReader;
  readonly #lines: LineSplitter;
  /** Why this is no body. */
  failure: Malformed | undefined = undefined;
  /** The body and its trailers have ended. */
  complete: boolean = false;

  constructor(limits: CodecLimits) {
    this.#scanner = new ChunkScanner(limits.maxChunkExtensionBytes);
    this.#trailers = new TrailerReader(limits.maxFields);
    this.#lines = new LineSplitter(this.#trailers, {
      maxBytes: limits.maxTrailerBytes,
      tooLong: 'trailers-too-long',
    });
  }

  /** Octets of content that come next. */
  get left(): number {
    return this.#scanner.inData ? this.#scanner.left : 0;
  }

  /** Begins with the next body. */
  reset(): void {
    this.#scanner.reset();
    this.complete = false;
  }

  /** Takes `count` octets of content, at most `left`. */
  skip(count: number): void {
    this.#scanner.skip(count);
  }

  /** Walks over framing from `at` up to content, the end of the body, or the end of `bytes`. Gives where it is. */
  scan(bytes: Buffer, from: number): number {
    const at = this.#scanner.scan(bytes, from);
    this.failure = this.#scanner.failure;
    if (!this.#scanner.last || at === bytes.length) return at;
    const end = this.#lines.read(bytes, at);
    this.#lines.release();
    this.failure = this.#lines.failure;
    if (end === -1) return bytes.length;
    this.complete = true;
    return end;
  }

  /** Gives the trailers, and forgets them. */
  takeTrailers(): FieldLines {
    return this.#trailers.take();
  }
}
