import { FRAME_HEADER_BYTES, FrameType } from './frame-types.ts';

/** Octets of the payload of RST_STREAM: a code (RFC 9113 §6.4). */
const CODE_BYTES = 4;

/** Who hears of what a {@link SentFrames} sees. */
export interface SentFramesListener {
  /** The library has said that it ends the connection. */
  goawaySent(): void;
  /** The library has reset a stream. */
  resetSent(code: number, stream: number): void;
}

/** Looks at the headers of the frames that the library sends, for what it does not tell. */
export class SentFrames {
  readonly #listener: SentFramesListener;
  /** The header of a frame, and the code behind it if it is a reset. */
  readonly #header: Buffer = Buffer.alloc(FRAME_HEADER_BYTES + CODE_BYTES);
  #filled = 0;
  #wanted = FRAME_HEADER_BYTES;
  /** Octets left of a payload. */
  #left = 0;
  #dataBytes = 0;
  /** Octets of DATA of each stream that somebody has asked about. */
  readonly #counted = new Map<number, number>();

  constructor(listener: SentFramesListener) {
    this.#listener = listener;
  }

  /** Octets of DATA that have left, on all streams. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** Octets that have left on `stream` since this was asked for the first time. */
  sentOn(stream: number): number {
    const sent = this.#counted.get(stream);
    if (sent === undefined) this.#counted.set(stream, 0);
    return sent ?? 0;
  }

  /** Nobody will ask about `stream` again. */
  forget(stream: number): void {
    if (this.#counted.size > 0) this.#counted.delete(stream);
  }

  inspect(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      this.#header[this.#filled] = chunk[at] as number;
      this.#filled += 1;
      at += 1;
      if (this.#filled === this.#wanted) this.#headerRead();
    }
  }

  #headerRead(): void {
    const header = this.#header;
    const type = header.readUInt8(3);
    if (type === FrameType.RstStream && this.#filled === FRAME_HEADER_BYTES) {
      this.#wanted += CODE_BYTES;
      return;
    }
    this.#left = header.readUIntBE(0, 3) - (this.#filled - FRAME_HEADER_BYTES);
    this.#filled = 0;
    this.#wanted = FRAME_HEADER_BYTES;
    switch (type) {
      case FrameType.Data:
        this.#dataBegins(header.readUInt32BE(5));
        return;
      case FrameType.RstStream:
        this.#listener.resetSent(header.readUInt32BE(FRAME_HEADER_BYTES), header.readUInt32BE(5));
        return;
      case FrameType.Goaway:
        this.#listener.goawaySent();
    }
  }

  #dataBegins(stream: number): void {
    this.#dataBytes += this.#left;
    if (this.#counted.size === 0) return;
    const before = this.#counted.get(stream);
    if (before !== undefined) this.#counted.set(stream, before + this.#left);
  }
}
