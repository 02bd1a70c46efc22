// Master file text cut into words (RFC 1035 §5.1), octet by octet and without a string for each: a zone file of a
// million names is read in one pass over its bytes.
import type { Name } from '../name.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;

/** What ends a word: blanks, line ends, quotes, parentheses and comments. */
const ends = Uint8Array.from({ length: 256 }, (_, octet) =>
  [TAB, LF, CR, SPACE, QUOTE, OPEN, CLOSE, SEMICOLON].includes(octet) ? 1 : 0,
);

const QUOTED = 1;
const ESCAPED = 2;
/** Octets of a word that an error shows. */
const SHOWN_BYTES = 80;

/** Text that breaks a rule: where, and which. Caught by whoever knows the file; it never leaves this package as it is. */
export class TextProblem extends Error {
  override readonly name: string = 'TextProblem';
  /** Where in the bytes. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/**
 * The words of one entry of a master file, and which of them is being read. `start` to `end` is the current one, quotes
 * not counted.
 */
export class Words {
  bytes: Buffer = Buffer.alloc(0);
  /** What relative names are relative to. Without one every name is absolute. */
  origin: Name | undefined;
  /** Only names of a single label are relative to it, and others are whole without a final dot, too. */
  labelsOnly = false;
  /** What is being read, for errors: `"preference of MX"`. */
  reading = 'record';
  start = 0;
  end = 0;
  quoted = false;
  /** True if a backslash is in it. */
  escaped = false;
  /** True if the entry began with a blank: its owner is that of the entry before. */
  indented = false;
  /** Line ends in the entry that was cut last. */
  lines = 0;
  /** Cuts text of more than 255 octets into strings, rather than to fail. */
  splitStrings = false;
  #spans = new Int32Array(3 * 64);
  #count = 0;
  #next = 0;
  /** Where the entry ends, for errors about what is not there. */
  #endOffset = 0;

  get count(): number {
    return this.#count;
  }

  /** True while words are left. */
  get more(): boolean {
    return this.#next < this.#count;
  }

  /**
   * Cuts the entry at `from` into words and says where the next one begins; -1 if it goes on behind the bytes, unless they
   * are `whole`. On a TextProblem the entry is to be passed over with {@link skipLine}.
   */
  cut(bytes: Buffer, from: number, whole: boolean): number {
    this.bytes = bytes;
    this.#count = this.#next = this.lines = 0;
    const { length } = bytes;
    let depth = 0;
    let opened = from;
    let at = from;
    const first = bytes[at];
    this.indented = first === SPACE || first === TAB;
    while (at < length) {
      const octet = bytes[at] ?? 0;
      if (ends[octet] === 0) {
        at = this.#plain(at);
      } else if (octet === SPACE || octet === TAB || octet === CR) {
        at++;
      } else if (octet === LF) {
        this.lines++;
        if (depth === 0) {
          this.#endOffset = at;
          return at + 1;
        }
        at++;
      } else if (octet === QUOTE) {
        at = this.#quoted(at, whole);
        if (at < 0) return -1;
      } else if (octet === SEMICOLON) {
        at = bytes.indexOf(LF, at);
        if (at < 0) at = length;
      } else if (octet === OPEN) {
        if (depth++ === 0) opened = at;
        at++;
      } else {
        if (--depth < 0) throw new TextProblem(at, 'Cannot close a parenthesis as none is open');
        at++;
      }
    }
    if (!whole) return -1;
    if (depth > 0)
      throw new TextProblem(opened, 'Cannot end the record as this parenthesis is open');
    this.#endOffset = length;
    return length;
  }

  /** Takes the next word. */
  take(): void {
    const index = this.#next * 3;
    if (this.#next >= this.#count) this.#missing();
    this.#next++;
    this.start = this.#spans[index] ?? 0;
    this.end = this.#spans[index + 1] ?? 0;
    const kind = this.#spans[index + 2] ?? 0;
    this.quoted = (kind & QUOTED) !== 0;
    this.escaped = (kind & ESCAPED) !== 0;
  }

  /** Gives the current word back. */
  untake(): void {
    this.#next--;
  }

  /** True if the next word is quoted and stands right behind the current one, as in `alpn="h2"`. */
  get quoteFollows(): boolean {
    const index = this.#next * 3;
    return (
      this.more &&
      ((this.#spans[index + 2] ?? 0) & QUOTED) !== 0 &&
      this.#spans[index] === this.end + 1
    );
  }

  /** True if the next word begins with `octet` and is not quoted. */
  startsWith(octet: number): boolean {
    const index = this.#next * 3;
    const plain = ((this.#spans[index + 2] ?? 0) & QUOTED) === 0;
    return this.more && plain && this.bytes[this.#spans[index] ?? 0] === octet;
  }

  /** True if the current word is the one octet `octet`. */
  is(octet: number): boolean {
    return this.end - this.start === 1 && this.bytes[this.start] === octet && !this.quoted;
  }

  /** The current word as it stands, an octet a character. */
  text(): string {
    return this.bytes.toString('latin1', this.start, this.end);
  }

  /** Fails as the current word breaks `rule`. */
  fail(rule: string): never {
    const shown = this.bytes.toString(
      'utf8',
      this.start,
      Math.min(this.end, this.start + SHOWN_BYTES),
    );
    throw new TextProblem(this.start, `Cannot read the ${this.reading} as ${rule}: "${shown}"`);
  }

  /** Fails if a word is left over. */
  finish(): void {
    if (!this.more) return;
    this.take();
    this.fail('nothing may follow its data');
  }

  #missing(): never {
    throw new TextProblem(this.#endOffset, `Cannot read the ${this.reading} as the record ends`);
  }

  #plain(from: number): number {
    const { bytes } = this;
    const { length } = bytes;
    let kind = 0;
    let at = from + 1;
    if (bytes[from] === BACKSLASH) {
      kind = ESCAPED;
      if (bytes[at] !== LF && bytes[at] !== CR) at++;
    }
    for (; at < length; at++) {
      const octet = bytes[at] ?? 0;
      if (ends[octet] === 1) break;
      if (octet === BACKSLASH) {
        kind = ESCAPED;
        const next = bytes[at + 1];
        if (next !== LF && next !== CR) at++;
      }
    }
    this.#add(from, Math.min(at, length), kind);
    return at;
  }

  #quoted(from: number, whole: boolean): number {
    const { bytes } = this;
    let kind = QUOTED;
    for (let at = from + 1; at < bytes.length; at++) {
      const octet = bytes[at];
      if (octet === QUOTE) {
        this.#add(from + 1, at, kind);
        return at + 1;
      }
      if (octet === BACKSLASH) {
        kind |= ESCAPED;
        if (bytes[at + 1] !== LF) at++;
      } else if (octet === LF) break;
      if (at + 1 >= bytes.length && !whole) return -1;
    }
    if (bytes.indexOf(LF, from) < 0 && !whole) return -1;
    throw new TextProblem(from, 'Cannot end the line as this quote is open');
  }

  #add(start: number, end: number, kind: number): void {
    const index = this.#count++ * 3;
    if (index + 3 > this.#spans.length) {
      const larger = new Int32Array(this.#spans.length * 2);
      larger.set(this.#spans);
      this.#spans = larger;
    }
    this.#spans[index] = start;
    this.#spans[index + 1] = end;
    this.#spans[index + 2] = kind;
  }
}

/** Where the line after the one of `offset` begins. */
export function skipLine(bytes: Buffer, offset: number): number {
  const end = bytes.indexOf(LF, offset);
  return end < 0 ? bytes.length : end + 1;
}
