const NO_BYTES = Buffer.alloc(0);
const MIN_CAPACITY = 4_096;

/**
 * Bytes that come in pieces and are wanted as a whole. One piece stays what it is; from the second on they are copied
 * together, so that a peer who sends a byte at a time costs at most twice the bytes, and not an object for each.
 */
export class GrowingBytes {
  #length = 0;
  #only: Uint8Array | undefined;
  #buffer: Buffer | undefined;

  get length(): number {
    return this.#length;
  }

  /** Takes ownership. */
  add(piece: Uint8Array): void {
    const start = this.#length;
    this.#length += piece.length;
    if (start === 0) {
      this.#only = piece;
      return;
    }
    const buffer = this.#withRoom();
    if (this.#only) {
      buffer.set(this.#only);
      this.#only = undefined;
    }
    buffer.set(piece, start);
  }

  /** All of them. Nothing may be added after it. */
  take(): Buffer {
    const all = this.#only ?? this.#buffer?.subarray(0, this.#length) ?? NO_BYTES;
    this.clear();
    return Buffer.isBuffer(all) ? all : Buffer.from(all.buffer, all.byteOffset, all.byteLength);
  }

  /** Lets go of them. */
  clear(): void {
    this.#only = undefined;
    this.#buffer = undefined;
    this.#length = 0;
  }

  #withRoom(): Buffer {
    const buffer = this.#buffer;
    if (buffer && buffer.length >= this.#length) return buffer;
    const grown = Buffer.allocUnsafe(Math.max(MIN_CAPACITY, 2 * this.#length));
    if (buffer) grown.set(buffer);
    this.#buffer = grown;
    return grown;
  }
}
