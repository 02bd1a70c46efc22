import { FRAME_HEADER_BYTES, FrameType } from './frame-types.ts';

/** Looks at the headers of the frames that the library sends, for what it does not tell. */
export class SentFrames {
  readonly #goaway: () => void;
  readonly #header: Buffer = Buffer.alloc(FRAME_HEADER_BYTES);
  #filled = 0;
  /** Octets left of a payload. */
  #left = 0;
  /** Octets of DATA of each stream that somebody has asked about. */
  readonly #counted = new Map<number, number>();

  /** @param goaway the library has said that it ends the connection */
  constructor(goaway: () => void) {
    this.#goaway = goaway;
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
      if (this.#filled === FRAME_HEADER_BYTES) this.#frameBegins();
    }
  }

  #frameBegins(): void {
    const header = this.#header;
    this.#filled = 0;
    this.#left = header.readUIntBE(0, 3);
    const type = header.readUInt8(3);
    if (type === FrameType.Goaway) this.#goaway();
    if (type !== FrameType.Data || this.#counted.size === 0) return;
    const stream = header.readUInt32BE(5);
    const before = this.#counted.get(stream);
    if (before !== undefined) this.#counted.set(stream, before + this.#left);
  }
}
