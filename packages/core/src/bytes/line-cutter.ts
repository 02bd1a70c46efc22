import { ProtocolError } from '../errors.ts';
import type { ByteQueue } from './byte-queue.ts';

const LF = 0x0a;
const CR = 0x0d;
const CRLF: Uint8Array = Uint8Array.of(CR, LF);

/** What a line is, and how long it may be. */
export interface LineOptions {
  /** The longest line accepted, without its ending. */
  readonly maxBytes: number;
  /**
   * What ends a line: `'newline'` is LF with or without a CR before it, `'crlf'` is both and nothing less (a lone LF
   * belongs to the line), bytes are themselves.
   * @defaultValue 'newline'
   */
  readonly delimiter?: 'newline' | 'crlf' | Uint8Array | undefined;
}

/** Finds lines in a queue that belongs to somebody else. While only bytes are added, none is looked at twice. */
export class LineCutter {
  readonly #maxBytes: number;
  readonly #delimiter: number | Uint8Array;
  readonly #delimiterBytes: number;
  /** No delimiter begins before this. */
  #scanned = 0;

  constructor(options: LineOptions) {
    const { maxBytes, delimiter = 'newline' } = options;
    if (!(maxBytes >= 0)) {
      throw new RangeError(`Cannot read lines as their limit must be 0 or more: ${maxBytes}`);
    }
    this.#maxBytes = maxBytes;
    this.#delimiter = delimiter === 'newline' ? LF : delimiter === 'crlf' ? CRLF : delimiter;
    this.#delimiterBytes = typeof this.#delimiter === 'number' ? 1 : this.#delimiter.length;
    if (this.#delimiterBytes === 0)
      throw new RangeError('Cannot read lines with an empty delimiter');
  }

  /** Forgets what it has looked at, because somebody else has taken bytes from the queue. */
  restart(): void {
    this.#scanned = 0;
  }

  /**
   * Takes the next line and its ending, and gives the line, or `undefined` when it is not complete.
   * @throws ProtocolError `HAWSER_LINE_TOO_LONG`; the bytes stay in the queue
   */
  cut(queue: ByteQueue): Buffer | undefined {
    const end = queue.indexOf(this.#delimiter, this.#scanned);
    if (end < 0) {
      // The beginning of a delimiter may be waiting for its end; a CR counts as that even when LF is enough.
      const partial = Math.max(1, this.#delimiterBytes - 1);
      if (queue.length > this.#maxBytes + partial) throw this.#tooLong();
      this.#scanned = Math.max(0, queue.length - this.#delimiterBytes + 1);
      queue.compact();
      return undefined;
    }
    const withCr = this.#delimiter === LF && end > 0 && queue.at(end - 1) === CR;
    const length = withCr ? end - 1 : end;
    if (length > this.#maxBytes) throw this.#tooLong();
    const line = queue.take(length);
    queue.skip(this.#delimiterBytes + end - length);
    this.#scanned = 0;
    return line;
  }

  #tooLong(): ProtocolError {
    this.#scanned = 0;
    return new ProtocolError(
      'HAWSER_LINE_TOO_LONG',
      `Cannot accept a line of more than ${this.#maxBytes} bytes`,
    );
  }
}
