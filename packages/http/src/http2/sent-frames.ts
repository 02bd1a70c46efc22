import { FRAME_HEADER_BYTES, FrameType } from './frame-types.ts';

/** Looks at the headers of the frames that the library sends, for what it does not tell. */
export class SentFrames {
  readonly #goaway: () => void;
  readonly #header: Buffer = Buffer.alloc(FRAME_HEADER_BYTES);
  #filled = 0;
  /** Octets left of a payload. */
  #left = 0;

  /** @param goaway the library has said that it ends the connection */
  constructor(goaway: () => void) {
    this.#goaway = goaway;
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
      const step = Math.min(FRAME_HEADER_BYTES - this.#filled, chunk.length - at);
      this.#header.set(chunk.subarray(at, at + step), this.#filled);
      this.#filled += step;
      at += step;
      if (this.#filled === FRAME_HEADER_BYTES) this.#frameBegins();
    }
  }

  #frameBegins(): void {
    this.#filled = 0;
    this.#left = this.#header.readUIntBE(0, 3);
    if (this.#header.readUInt8(3) === FrameType.Goaway) this.#goaway();
  }
}
