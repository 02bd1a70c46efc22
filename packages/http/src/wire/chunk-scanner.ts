// Framing of chunked bodies (RFC 9112 §7.1).
//
//   5;name=value CRLF hello CRLF 0 CRLF (trailers) CRLF
import type { Malformed } from '../contract/codec.ts';
import { malformed } from './malformed.ts';
import { CR, HEX, isValueOctet, LF, octetFailure, TOKEN } from './octets.ts';

const Step = {
  Size: 0,
  NameStart: 1,
  Name: 2,
  ValueStart: 3,
  Value: 4,
  Quoted: 5,
  QuotedPair: 6,
  AfterQuoted: 7,
  SizeLf: 8,
  Data: 9,
  DataCr: 10,
  DataLf: 11,
  Last: 12,
} as const;
type Step = (typeof Step)[keyof typeof Step];

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** As many as an unsigned 64-bit size has. */
const MAX_SIZE_DIGITS = 16;

/** Walks over what frames the chunks of one body after the other. */
export class ChunkScanner {
  readonly #maxExtensionBytes: number;
  #step: Step = Step.Size;
  #digits = 0;
  #extensionBytes = 0;
  /** Octets of the current chunk that are still to come. */
  left: number = 0;
  failure: Malformed | undefined = undefined;

  constructor(maxExtensionBytes: number) {
    this.#maxExtensionBytes = maxExtensionBytes;
  }

  /** The last chunk, of size 0, was seen: trailers follow. */
  get last(): boolean {
    return this.#step === Step.Last;
  }

  /** Octets of the current chunk come next. */
  get inData(): boolean {
    return this.#step === Step.Data;
  }

  /** Begins a body. */
  reset(): void {
    this.#step = Step.Size;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.left = 0;
  }

  /** Takes `count` octets of the current chunk, at most `left`. */
  skip(count: number): void {
    this.left -= count;
    if (this.left === 0) this.#step = Step.DataCr;
  }

  /** Walks from `at` up to the octets of a chunk, the end of the last one, or the end of `bytes`. Gives where it is. */
  scan(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.#step !== Step.Data && this.#step !== Step.Last) {
      const octet = bytes[at++] ?? 0;
      this.failure = this.#take(octet);
      if (this.failure !== undefined) return at;
    }
    return at;
  }

  #take(octet: number): Malformed | undefined {
    switch (this.#step) {
      case Step.Size:
        return this.#size(octet);
      case Step.SizeLf:
        if (octet !== LF) return malformed('bare-cr');
        this.#step = this.left === 0 ? Step.Last : Step.Data;
        return undefined;
      case Step.DataCr:
        this.#step = Step.DataLf;
        return octet === CR ? undefined : malformed('bad-chunk-end');
      case Step.DataLf:
        this.#step = Step.Size;
        this.#digits = 0;
        return octet === LF ? undefined : malformed('bad-chunk-end');
      case Step.Data:
      case Step.Last:
        return undefined;
      case Step.NameStart:
      case Step.Name:
      case Step.ValueStart:
      case Step.Value:
      case Step.Quoted:
      case Step.QuotedPair:
      case Step.AfterQuoted:
        return this.#extension(octet);
    }
  }

  #size(octet: number): Malformed | undefined {
    const digit = HEX[octet] ?? 255;
    if (digit < 16) {
      this.left = this.#digits === 0 ? digit : this.left * 16 + digit;
      this.#digits += 1;
      return this.#digits > MAX_SIZE_DIGITS || this.left > Number.MAX_SAFE_INTEGER
        ? malformed('chunk-too-large')
        : undefined;
    }
    if (this.#digits === 0) return lineFailure(octet, 'bad-chunk-size');
    return this.#next(octet, 'bad-chunk-size');
  }

  #extension(octet: number): Malformed | undefined {
    this.#extensionBytes += 1;
    // The CR is not counted.
    if (this.#extensionBytes > this.#maxExtensionBytes && octet !== CR) {
      return malformed('chunk-extensions-too-long');
    }
    switch (this.#step) {
      case Step.NameStart:
        return this.#token(octet, Step.Name);
      case Step.Name:
        if (TOKEN[octet] === 1) return undefined;
        if (octet !== EQUALS) return this.#next(octet, 'bad-chunk-extension');
        this.#step = Step.ValueStart;
        return undefined;
      case Step.ValueStart:
        if (octet !== QUOTE) return this.#token(octet, Step.Value);
        this.#step = Step.Quoted;
        return undefined;
      case Step.Value:
        return TOKEN[octet] === 1 ? undefined : this.#next(octet, 'bad-chunk-extension');
      case Step.Quoted:
        if (!isValueOctet(octet)) return octetFailure(octet);
        if (octet === QUOTE) this.#step = Step.AfterQuoted;
        else if (octet === BACKSLASH) this.#step = Step.QuotedPair;
        return undefined;
      case Step.QuotedPair:
        this.#step = Step.Quoted;
        return isValueOctet(octet) ? undefined : octetFailure(octet);
      case Step.AfterQuoted:
        return this.#next(octet, 'bad-chunk-extension');
      case Step.Size:
      case Step.SizeLf:
      case Step.Data:
      case Step.DataCr:
      case Step.DataLf:
      case Step.Last:
        return undefined;
    }
  }

  #token(octet: number, step: Step): Malformed | undefined {
    this.#step = step;
    if (TOKEN[octet] === 1) return undefined;
    return lineFailure(octet, 'bad-chunk-extension');
  }

  /** After the size, a name or a value: another extension, or the end of the line. */
  #next(octet: number, otherwise: 'bad-chunk-size' | 'bad-chunk-extension'): Malformed | undefined {
    if (octet === CR) {
      if (this.#step !== Step.Size) this.#extensionBytes -= 1;
      this.#step = Step.SizeLf;
      return undefined;
    }
    if (octet !== SEMICOLON) return lineFailure(octet, otherwise);
    if (this.#step === Step.Size) this.#extensionBytes += 1;
    this.#step = Step.NameStart;
    return this.#extensionBytes > this.#maxExtensionBytes
      ? malformed('chunk-extensions-too-long')
      : undefined;
  }
}

/** Why `octet` is no part of the line that has a size. Its end may come too early. */
function lineFailure(
  octet: number,
  otherwise: 'bad-chunk-size' | 'bad-chunk-extension',
): Malformed {
  return (octet === CR ? undefined : octetFailure(octet)) ?? malformed(otherwise);
}
