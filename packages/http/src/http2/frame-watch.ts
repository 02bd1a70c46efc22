import { FRAME_HEADER_BYTES, FrameType } from './frame-types.ts';

/** Octets of the payload of RST_STREAM: a code (RFC 9113 §6.4). */
const CODE_BYTES = 4;

/** Who hears of what a {@link FrameWatch} sees. */
export interface FrameWatchListener {
  /** A GOAWAY. */
  goawaySeen(): void;
  /** A stream is reset. */
  resetSeen(code: number, stream: number): void;
}

/** Looks at the headers of the frames that go one way on a connection, for what the library does not tell. */
export class FrameWatch {
  readonly #listener: FrameWatchListener;
  /** The header of a frame, and the code behind it if it is a reset. */
  readonly #header: Buffer = Buffer.alloc(FRAME_HEADER_BYTES + CODE_BYTES);
  #filled = 0;
  #wanted = FRAME_HEADER_BYTES;
  /** Octets left of a payload. */
  #left = 0;
  #dataBytes = 0;
  /** Octets of DATA of each stream that somebody has asked about. */
  readonly #counted = new Map<number, number>();

  constructor(listener: FrameWatchListener) {
    this.#listener = listener;
  }

  /** Octets of DATA so far, on all streams. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** Octets of DATA on `stream` since this was asked for the first time. */
  dataBytesOn(stream: number): number {
    const bytes = this.#counted.get(stream);
    if (bytes === undefined) this.#counted.set(stream, 0);
    return bytes ?? 0;
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
        this.#listener.resetSeen(header.readUInt32BE(FRAME_HEADER_BYTES), header.readUInt32BE(5));
        return;
      case FrameType.Goaway:
        this.#listener.goawaySeen();
    }
  }

  #dataBegins(stream: number): void {
    this.#dataBytes += this.#left;
    if (this.#counted.size === 0) return;
    const before = this.#counted.get(stream);
    if (before !== undefined) this.#counted.set(stream, before + this.#left);
  }
}
