/** Input that nobody has taken yet: chunks in order, then perhaps the end. */
export class UnreadSlot {
  #chunks: Buffer[] = [];
  #ended = false;

  /** True while there is a chunk or the end to give out. */
  get waiting(): boolean {
    return this.#chunks.length > 0 || this.#ended;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** Puts back what was taken, in front. */
  putBack(chunk: Buffer): void {
    this.#chunks.unshift(chunk);
  }

  end(): void {
    this.#ended = true;
  }

  /** The next chunk, or `undefined` for the end, which is thereby given out. */
  shift(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    if (!chunk) this.#ended = false;
    return chunk;
  }

  /** All chunks as one, without the end. */
  takeAll(): Buffer | undefined {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length > 1 ? Buffer.concat(chunks) : chunks[0];
  }

  clear(): void {
    this.#chunks = [];
    this.#ended = false;
  }
}
