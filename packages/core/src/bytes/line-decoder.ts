import { ProtocolError } from '../errors.ts';
import { ByteQueue } from './byte-queue.ts';
import type { Decoder } from './frame-decoder.ts';

const LF = 0x0a;
const CR = 0x0d;
const CRLF: Uint8Array = Uint8Array.of(CR, LF);

/** Options for {@link LineDecoder}. */
export interface LineDecoderOptions {
  /** The longest line accepted, without its ending. */
  readonly maxBytes: number;
  /**
   * What ends a line: `'newline'` is LF with or without a CR before it, `'crlf'` is both and nothing less (a lone LF
   * belongs to the line), bytes are themselves.
   * @defaultValue 'newline'
   */
  readonly delimiter?: 'newline' | 'crlf' | Uint8Array | undefined;
}

/**
 * Cuts bytes into lines. `for (const line of decoder.push(chunk))` gives every line that is complete, without its
 * ending; leaving the loop early keeps the rest for the next push, or for {@link rest}. No byte is looked at twice, so
 * a peer that sends single bytes costs no more than one that does not.
 */
export class LineDecoder implements Decoder {
  readonly #maxBytes: number;
  readonly #delimiter: number | Uint8Array;
  readonly #delimiterBytes: number;
  readonly #queue = new ByteQueue();
  /** No delimiter begins before this. */
  #scanned = 0;
  #finished = false;

  constructor(options: LineDecoderOptions) {
    const { maxBytes, delimiter = 'newline' } = options;
    if (!(maxBytes >= 0)) {
      throw new RangeError(`Cannot decode lines as maxBytes must be 0 or more: ${maxBytes}`);
    }
    this.#maxBytes = maxBytes;
    this.#delimiter = delimiter === 'newline' ? LF : delimiter === 'crlf' ? CRLF : delimiter;
    this.#delimiterBytes = typeof this.#delimiter === 'number' ? 1 : this.#delimiter.length;
    if (this.#delimiterBytes === 0)
      throw new RangeError('Cannot decode lines with an empty delimiter');
  }

  /** Adds bytes, which the decoder owns from now on. Gives itself, to loop over. */
  push(chunk: Uint8Array): this {
    if (!this.#finished) this.#queue.push(chunk);
    return this;
  }

  /**
   * The next complete line, or `undefined`.
   * @throws ProtocolError `HAWSER_LINE_TOO_LONG`, once; nothing comes after it
   */
  next(): Buffer | undefined {
    const end = this.#queue.indexOf(this.#delimiter, this.#scanned);
    if (end < 0) {
      // The beginning of a delimiter may be waiting for its end; a CR counts as that even when LF is enough.
      const partial = Math.max(1, this.#delimiterBytes - 1);
      if (this.#queue.length > this.#maxBytes + partial) throw this.#tooLong();
      this.#scanned = Math.max(0, this.#queue.length - this.#delimiterBytes + 1);
      this.#queue.compact();
      return undefined;
    }
    const withCr = this.#delimiter === LF && end > 0 && this.#queue.at(end - 1) === CR;
    const length = withCr ? end - 1 : end;
    if (length > this.#maxBytes) throw this.#tooLong();
    const line = this.#queue.take(length);
    this.#queue.skip(this.#delimiterBytes + end - length);
    this.#scanned = 0;
    return line;
  }

  *[Symbol.iterator](): Iterator<Buffer> {
    for (let line = this.next(); line; line = this.next()) yield line;
  }

  /** Takes the bytes that are in no line yet, such as the `leftover` for `handTo`. */
  rest(): Buffer {
    this.#scanned = 0;
    return this.#queue.takeAll();
  }

  get buffered(): number {
    return this.#queue.length;
  }

  #tooLong(): ProtocolError {
    this.#finished = true;
    this.#queue.clear();
    this.#scanned = 0;
    return new ProtocolError(
      'HAWSER_LINE_TOO_LONG',
      `Cannot accept a line of more than ${this.#maxBytes} bytes`,
    );
  }
}
