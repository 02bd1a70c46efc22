// Lines of a head or of trailers (RFC 9112 §2.2): each ends with CRLF, nothing else does, and an empty one ends them all.
import type { Malformed } from '../contract/codec.ts';
import { type MalformedCode, malformed } from './malformed.ts';
import { CR, LF, octetFailure } from './octets.ts';
import { textOf } from './text-of.ts';

/** Who takes the lines. */
export interface LineTaker {
  /** Whether the first line is of another kind than the others, and cannot be empty. */
  readonly hasStart: boolean;
  /** Whether `text`, the beginning of the first line, cannot become one. */
  partialStart(text: string): Malformed | undefined;
  /** Takes the first line, from `start` to `end`, where its CRLF is. */
  start(text: string, start: number, end: number): Malformed | undefined;
  /** Takes another line. */
  line(text: string, start: number, end: number): Malformed | undefined;
}

/** Chunks up to this size become text as a whole: cheaper than to look for the end of the lines first. */
const WHOLE_TEXT_BYTES = 4_096;

/** Cuts one section after the other into lines, refusing what is wrong with one as early as can be told. */
export class LineSplitter {
  readonly #taker: LineTaker;
  readonly #maxBytes: number;
  readonly #tooLong: MalformedCode;
  /** What has come of a section that is not complete. */
  #pending = '';
  /** `#pending` ends with a CR. */
  #pendingCr = false;
  /** Where in the text the line begins that is not complete. */
  #lineAt = 0;
  #startTaken = false;
  /** The chunk whose octets from `#textAt` to its end are `text`, if it is the whole of them. */
  #chunk: Buffer | undefined = undefined;
  #textAt = 0;

  /** After a complete section: its text, perhaps among more. */
  text: string = '';
  /** After a complete section: where in `text` the lines after the first begin. */
  linesAt: number = 0;
  failure: Malformed | undefined = undefined;

  constructor(taker: LineTaker, options: { maxBytes: number; tooLong: MalformedCode }) {
    this.#taker = taker;
    this.#maxBytes = options.maxBytes;
    this.#tooLong = options.tooLong;
  }

  /** What has come of a section that is not complete. */
  get pending(): string {
    return this.#pending;
  }

  /** Forgets the chunk it has seen last. */
  release(): void {
    this.#chunk = undefined;
    this.text = '';
  }

  /**
   * Reads lines of `chunk` from `at`. Gives where the section ends, or -1 if there is a `failure`, or if all of the chunk
   * belongs to it and more must come.
   */
  read(chunk: Buffer, at: number): number {
    if (this.#pending !== '') return this.#readOn(chunk, at);
    if (this.#chunk !== chunk) this.#takeText(chunk, at);
    const from = at - this.#textAt;
    this.#lineAt = from;
    const end = this.#split(from);
    if (end !== -1) return this.#textAt + end;
    if (this.failure === undefined)
      this.#keep(from === 0 ? this.text : this.text.slice(from), from);
    return -1;
  }

  #takeText(chunk: Buffer, at: number): void {
    this.#textAt = at;
    if (chunk.length - at <= WHOLE_TEXT_BYTES) {
      this.#chunk = chunk;
      this.text = textOf(chunk, at, chunk.length);
      return;
    }
    const found = chunk.indexOf('\r\n\r\n', at, 'latin1');
    const end = found === -1 ? chunk.length : found + 4;
    this.#chunk = undefined;
    this.text = textOf(chunk, at, Math.min(end, at + this.#maxBytes + 4));
  }

  /** Goes on with a section of which a part has come. */
  #readOn(chunk: Buffer, at: number): number {
    const known = this.#pending.length;
    const piece = textOf(chunk, at, Math.min(chunk.length, at + this.#maxBytes + 4 - known));
    if (this.#pendingCr && piece.charCodeAt(0) !== LF) {
      this.failure = malformed('bare-cr');
      return -1;
    }
    const text = this.#pending + piece;
    if (!piece.includes('\n')) {
      // The text is not looked at, so that a section that comes octet by octet is not copied for each.
      this.failure =
        octetsFailure(piece, 0) ??
        this.#startFailure(text) ??
        this.#lengthFailure(text.length, piece === '\r' && this.#lineAt === known);
      if (this.failure === undefined) this.#keep(text, 0);
      return -1;
    }
    this.#pending = '';
    this.#chunk = undefined;
    this.text = text;
    this.#textAt = at - known;
    const end = this.#split(0);
    if (end !== -1) return this.#textAt + end;
    if (this.failure === undefined) this.#keep(text, 0);
    return -1;
  }

  /** Takes the complete lines of the section that begins at `from`. Gives where it ends, -1 if it does not, or a failure. */
  #split(from: number): number {
    const { text } = this;
    for (;;) {
      const at = this.#lineAt;
      const lf = text.indexOf('\n', at);
      if (lf === -1) {
        this.failure = octetsFailure(text, at) ?? this.#startFailure(text.slice(from));
        this.failure ??= this.#lengthFailure(
          text.length - from,
          at === text.length - 1 && text.charCodeAt(at) === CR,
        );
        return -1;
      }
      const end = lf - 1;
      if (text.charCodeAt(end) !== CR) {
        this.failure =
          octetsFailure(text.slice(at, lf), 0) ?? this.#startFailure(text.slice(from, lf));
        this.failure ??= malformed('bare-lf');
        return -1;
      }
      if (end === at && this.#inLines) {
        this.#startTaken = false;
        return lf + 1;
      }
      this.failure = this.#takeLine(at, end);
      if (lf + 1 - from > this.#maxBytes) this.failure ??= malformed(this.#tooLong);
      if (this.failure !== undefined) return -1;
      this.#lineAt = lf + 1;
    }
  }

  get #inLines(): boolean {
    return this.#startTaken || !this.#taker.hasStart;
  }

  #takeLine(at: number, end: number): Malformed | undefined {
    if (this.#inLines) return this.#taker.line(this.text, at, end);
    this.#startTaken = true;
    this.linesAt = end + 2;
    return this.#taker.start(this.text, at, end);
  }

  #keep(text: string, from: number): void {
    this.#pending = text;
    this.#pendingCr = text.charCodeAt(text.length - 1) === CR;
    this.#lineAt -= from;
    this.linesAt -= from;
  }

  #startFailure(text: string): Malformed | undefined {
    return this.#inLines ? undefined : this.#taker.partialStart(text);
  }

  /** The limit is for lines; `ending` says that one octet is of the empty line after them. */
  #lengthFailure(length: number, ending: boolean): Malformed | undefined {
    return length > this.#maxBytes && !ending ? malformed(this.#tooLong) : undefined;
  }
}

/** Why `text` from `from` to its end, which has no LF, is no part of a line. A CR may be its last octet. */
function octetsFailure(text: string, from: number): Malformed | undefined {
  for (let at = from; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet >= 0x20 && octet !== 0x7f) continue;
    if (octet === CR && at === text.length - 1) return undefined;
    const failure = octetFailure(octet);
    if (failure !== undefined) return failure;
  }
  return undefined;
}
