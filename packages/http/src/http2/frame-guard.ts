/**
 * Looks at the headers of the frames a client sends, before the library below acts on them, and counts what costs the
 * server more than the client: resets, settings, pings, empty frames, endless heads (CVE-2019-9511 to 9518,
 * CVE-2023-44487, CVE-2024-27316). It neither checks nor changes a frame: that is left to the library.
 *
 * ```text
 * preface ──► header ──► payload ──► header ──► ...      any ──► broken
 * ```
 */
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, PREFACE } from './frame-types.ts';

/** How many frames of a kind a client may send in one window of time. */
export interface FrameLimits {
  /** Length of the window, in milliseconds. */
  readonly windowMs: number;
  /** RST_STREAM: opening and cancelling in a row is work for us and none for the peer (CVE-2023-44487). */
  readonly maxResets: number;
  /** SETTINGS and PING, each of which wants an answer. */
  readonly maxControlFrames: number;
  /** DATA without content that ends nothing, PRIORITY and frames of unknown types. */
  readonly maxEmptyFrames: number;
  /** Compressed octets of one head, with its CONTINUATION frames. */
  readonly maxHeadBytes: number;
  /** Streams that may be open at a time: of so many it is known whether they came to their end. */
  readonly maxStreams: number;
}

/** A client did too much of something: the name of the limit. */
export type Flood = 'resets' | 'control' | 'empty' | 'window' | 'head';

/** CONTINUATION frames of one head. Frames hold 16 KiB, which is all a head may have; small ones only cost. */
const MAX_CONTINUATIONS = 8;
/** Ends of streams that are remembered for each one that may be open. */
const REMEMBERED = 4;
/** WINDOW_UPDATE frames a client may send for nothing, and for how many octets sent to it one more is in order. */
const FREE_WINDOW_UPDATES = 1_000;
const BYTES_FOR_WINDOW_UPDATE = 256;

/** Watches the input of one connection. */
export class FrameGuard {
  readonly #limits: FrameLimits;
  #at: 'preface' | 'header' | 'payload' | 'broken' = 'preface';
  /** Octets left of the preface or of a payload. */
  #left: number = PREFACE.length;
  readonly #header: Buffer = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  /** Length of the frame that begins, if it is a padded DATA frame: its first octet says how much of it is padding. */
  #padded = 0;
  /** The stream that ends with the frame that is being sent. */
  #ending = 0;
  readonly #ended = new Set<number>();
  /** Of the head that is being sent. */
  #head: { bytes: number; continuations: number } | undefined;
  #windowEnds = 0;
  #sentBefore = 0;
  #sentAtTurn = 0;
  #resets = 0;
  #controls = 0;
  #empty = 0;
  #windowUpdates = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Between two messages: no frame and no head has been begun that is not complete. */
  get atRest(): boolean {
    if (this.#head) return false;
    return this.#at === 'header' ? this.#headerFilled === 0 : this.#at === 'broken';
  }

  /** Whether the client has sent all it has to on `stream`, be it in order or not. Asked once. */
  takeEnded(stream: number): boolean {
    return this.#ended.delete(stream);
  }

  /**
   * Looks at what came at `now`. Gives the first limit that it breaks; the connection has to end then.
   * @param sentBytes octets sent to the client so far, as it may open its window for them
   */
  inspect(chunk: Buffer, now: number, sentBytes: number): Flood | undefined {
    this.#turnWindow(now, sentBytes);
    let at = 0;
    while (at < chunk.length) {
      switch (this.#at) {
        case 'broken':
          return undefined;
        case 'preface':
          at = this.#readPreface(chunk, at);
          break;
        case 'payload': {
          const padded = this.#padded;
          this.#padded = 0;
          const onlyPadding = padded > 0 && chunk[at] === padded - 1;
          const step = Math.min(this.#left, chunk.length - at);
          at += step;
          this.#left -= step;
          if (this.#left === 0) this.#frameEnds();
          if (onlyPadding && this.#isEmptyTooMuch()) return 'empty';
          break;
        }
        case 'header': {
          const step = Math.min(FRAME_HEADER_BYTES - this.#headerFilled, chunk.length - at);
          chunk.copy(this.#header, this.#headerFilled, at, at + step);
          at += step;
          this.#headerFilled += step;
          if (this.#headerFilled < FRAME_HEADER_BYTES) break;
          const flood = this.#frameBegins(sentBytes);
          if (flood) return flood;
          break;
        }
      }
    }
    return undefined;
  }

  #readPreface(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length && this.#left > 0) {
      if (chunk[at] !== PREFACE[PREFACE.length - this.#left]) {
        // The library refuses it.
        this.#at = 'broken';
        return at;
      }
      at += 1;
      this.#left -= 1;
    }
    if (this.#left === 0) this.#at = 'header';
    return at;
  }

  #frameBegins(sentBytes: number): Flood | undefined {
    const header = this.#header;
    const length = header.readUIntBE(0, 3);
    const type = header.readUInt8(3);
    const flags = header.readUInt8(4);
    const endsStream = type <= FrameType.Headers && (flags & FrameFlag.EndStream) !== 0;
    this.#headerFilled = 0;
    this.#left = length;
    this.#ending = endsStream ? header.readUInt32BE(5) & 0x7fff_ffff : 0;
    if (length > 0) this.#at = 'payload';
    else this.#frameEnds();
    switch (type) {
      case FrameType.Data: {
        if ((flags & FrameFlag.EndStream) !== 0) return undefined;
        if ((flags & FrameFlag.Padded) !== 0) this.#padded = length;
        return length === 0 && this.#isEmptyTooMuch() ? 'empty' : undefined;
      }
      case FrameType.Headers:
        this.#head = { bytes: length, continuations: 0 };
        return this.#headGrew(flags);
      case FrameType.Continuation:
        // Without a head before it, it is an error for the library to find.
        if (!this.#head) return undefined;
        this.#head.bytes += length;
        this.#head.continuations += 1;
        return this.#headGrew(flags);
      case FrameType.RstStream:
        this.#resets += 1;
        return this.#resets > this.#limits.maxResets ? 'resets' : undefined;
      case FrameType.Settings:
      case FrameType.Ping:
        if ((flags & FrameFlag.Ack) !== 0) return this.#isEmptyTooMuch() ? 'empty' : undefined;
        this.#controls += 1;
        return this.#controls > this.#limits.maxControlFrames ? 'control' : undefined;
      case FrameType.WindowUpdate: {
        this.#windowUpdates += 1;
        const earned = (sentBytes - this.#sentBefore) / BYTES_FOR_WINDOW_UPDATE;
        return this.#windowUpdates > FREE_WINDOW_UPDATES + earned ? 'window' : undefined;
      }
      default:
        return this.#isEmptyTooMuch() ? 'empty' : undefined;
    }
  }

  #frameEnds(): void {
    this.#at = 'header';
    if (this.#ending === 0) return;
    this.#ended.add(this.#ending);
    if (this.#ended.size <= this.#limits.maxStreams * REMEMBERED) return;
    // The oldest; streams the library refused are in here as well.
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      break;
    }
  }

  #headGrew(flags: number): Flood | undefined {
    const head = this.#head;
    if (!head) return undefined;
    const { bytes, continuations } = head;
    if ((flags & FrameFlag.EndHeaders) !== 0) this.#head = undefined;
    const tooMuch = bytes > this.#limits.maxHeadBytes || continuations > MAX_CONTINUATIONS;
    return tooMuch ? 'head' : undefined;
  }

  #isEmptyTooMuch(): boolean {
    this.#empty += 1;
    return this.#empty > this.#limits.maxEmptyFrames;
  }

  #turnWindow(now: number, sentBytes: number): void {
    if (now < this.#windowEnds) return;
    this.#windowEnds = now + this.#limits.windowMs;
    // A client opens its window for what it got lately, which may have been sent in the window before.
    this.#sentBefore = Math.min(sentBytes, this.#sentAtTurn);
    this.#sentAtTurn = sentBytes;
    this.#resets = 0;
    this.#controls = 0;
    this.#empty = 0;
    this.#windowUpdates = 0;
  }
}
