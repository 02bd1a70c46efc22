// Lines of a head or of trailers (RFC 9112 §2.2): each ends with CRLF, nothing else does, and an empty one ends them all.
import type { Malformed } from '../contract/codec.ts';
import { type MalformedCode, malformed } from './malformed.ts';
import { CR, DEL, HTAB, LF, octetFailure, SP } from './octets.ts';
import { textOf } from './text-of.ts';

/** Who takes the lines. */
export interface LineTaker {
  /** Whether the first line is of another kind than the others, and cannot be empty. */
  readonly hasStart: boolean;
  /** Whether `text`, the beginning of the first line, cannot become one. */
  partialStart(text: string): Malformed | undefined;
  /** Takes the first line, from `start` to `end`, where its CRLF is. */
  start(text: string, start: number, end: number): Malformed | undefined;
  /**
   * The lines after the first begin at `at` of `text`. Gives where the section ends, if that is there, not beyond `limit`,
   * and the taker knows all of its lines already; otherwise -1.
   */
  repeated(text: string, at: number, limit: number): number;
  /** Takes another line. */
  line(text: string, start: number, end: number): Malformed | undefined;
}

/** Chunks up to this size become text as a whole: cheaper than to look for the end of the lines first. */
const WHOLE_TEXT_BYTES = 4_096;
/** Text that was put together from so many chunks is written anew: until then each of them takes 32 bytes. */
const MAX_PIECES = 256;

/** Cuts one section after the other into lines, refusing what is wrong with one as early as can be told. */
export class LineSplitter {
  readonly #taker: LineTaker;
  readonly #maxBytes: number;
  readonly #tooLong: MalformedCode;
  /** What has come of a section that is not complete. */
  #pending = '';
  /** How many chunks `#pending` was put together from. */
  #pieces = 0;
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
  /** After a complete section: where in `text` it ends. */
  endsAt: number = 0;
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
    const known = this.#pending.length;
    const stop = Math.min(chunk.length, at + this.#maxBytes + 4 - known);
    if (known > 0) {
      // Not looked at before a line is complete, so that one that comes octet by octet is not copied for each.
      this.text = this.#pending + textOf(chunk, at, stop);
      this.#textAt = at - known;
      this.#chunk = undefined;
      return this.#split(chunk, { at, stop, from: 0 });
    }
    if (this.#chunk !== chunk) this.#takeText(chunk, at, stop);
    const from = at - this.#textAt;
    this.#lineAt = from;
    return this.#split(chunk, { at, stop, from });
  }

  #takeText(chunk: Buffer, at: number, stop: number): void {
    this.#textAt = at;
    if (chunk.length - at <= WHOLE_TEXT_BYTES) {
      this.#chunk = chunk;
      this.text = textOf(chunk, at, chunk.length);
      return;
    }
    this.#chunk = undefined;
    const found = chunk.indexOf('\r\n\r\n', at, 'latin1');
    this.text = textOf(chunk, at, found === -1 ? stop : Math.min(stop, found + 4));
  }

  /** Takes lines of the section that begins at `from` of the text. Octets up to `at` were looked at before. */
  #split(chunk: Buffer, { at, stop, from }: { at: number; stop: number; from: number }): number {
    const textAt = this.#textAt;
    let cr = this.#pendingCr;
    let next = at;
    for (;;) {
      if (!cr) {
        let octet = 0;
        // The octets of the chunk are read, as those of a string cost three times as much.
        while (next < stop) {
          octet = chunk[next] as number;
          if (octet >= SP ? octet === DEL : octet !== HTAB) break;
          next += 1;
        }
        if (next === stop) return this.#keep(from, stop, cr);
        if (octet !== CR) return this.#refuse(from, next, octetFailure(octet));
        next += 1;
      }
      if (next === stop) return this.#keep(from, stop, true);
      if (chunk[next] !== LF) return this.#refuse(from, next - 1, malformed('bare-cr'));
      next += 1;
      cr = false;
      const end = next - 2 - textAt;
      const lineAt = this.#lineAt;
      if (end === lineAt && this.#inLines) return this.#complete(next);
      const isFirst = !this.#inLines;
      this.failure = this.#takeLine(lineAt, end);
      if (end + 2 - from > this.#maxBytes) this.failure ??= malformed(this.#tooLong);
      if (this.failure !== undefined) return -1;
      this.#lineAt = end + 2;
      if (isFirst) {
        // The empty line at the end does not count.
        const limit = from + this.#maxBytes + 2;
        const endsAt = this.#taker.repeated(this.text, this.#lineAt, limit);
        if (endsAt !== -1) return this.#complete(endsAt + textAt);
      }
    }
  }

  /** The section ends at `next` of the chunk. */
  #complete(next: number): number {
    this.#startTaken = false;
    this.#pending = '';
    this.#pendingCr = false;
    this.endsAt = next - this.#textAt;
    return next;
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

  /** All of the chunk belongs to the section that begins at `from` of the text. */
  #keep(from: number, stop: number, cr: boolean): number {
    const text = from === 0 ? this.text : this.text.slice(from);
    // The limit is for lines: a CR may be of the empty one after them.
    const ending = cr && this.#lineAt === stop - 1 - this.#textAt;
    const tooLong = stop - this.#textAt - from > this.#maxBytes && !ending;
    this.failure = this.#startFailure(text);
    if (tooLong) this.failure ??= malformed(this.#tooLong);
    if (this.failure !== undefined) return -1;
    this.#pending = this.#compact(text);
    this.#pendingCr = cr;
    this.#lineAt -= from;
    this.linesAt -= from;
    return -1;
  }

  #compact(text: string): string {
    this.#pieces += 1;
    if (this.#pieces < MAX_PIECES) return text;
    this.#pieces = 0;
    return Buffer.from(text, 'latin1').toString('latin1');
  }

  /** The octet at `next` of the chunk is refused, if the line before it is not. */
  #refuse(from: number, next: number, failure: Malformed | undefined): number {
    this.failure = this.#startFailure(this.text.slice(from, next - this.#textAt)) ?? failure;
    return -1;
  }

  #startFailure(text: string): Malformed | undefined {
    return this.#inLines ? undefined : this.#taker.partialStart(text);
  }
}
