/** Who feeds {@link AnswerPieces}. */
export interface PiecesSource {
  /** These octets have been taken. */
  taken(bytes: number): void;
  /** Nobody wants the rest. */
  abandoned(): void;
}

/**
 * The body of a streamed answer, fed from a thread that blocks at a limit: what waits here is bounded by that. One
 * reader, who gets one piece at a time.
 */
export class AnswerPieces implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #source: PiecesSource;
  readonly #pieces: Uint8Array[] = [];
  #end: { readonly error: Error | undefined } | undefined;
  #waiting: PromiseWithResolvers | undefined;

  constructor(source: PiecesSource) {
    this.#source = source;
  }

  /** Takes ownership. */
  push(piece: Uint8Array): void {
    if (this.#end) return;
    if (this.#waiting) this.#give(piece);
    else this.#pieces.push(piece);
  }

  /** There is no more. With an error, what is there is still to be had, and then it. */
  end(error?: Error): void {
    if (this.#end) return;
    this.#end = { error };
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error) waiting?.reject(error);
    else waiting?.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const piece = this.#pieces.shift();
    if (piece) {
      this.#source.taken(piece.length);
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#end) {
      const { error } = this.#end;
      // Once is enough; whoever asks again gets the end.
      this.#end = { error: undefined };
      if (error) return Promise.reject(error);
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#pieces.length = 0;
    const open = !this.#end;
    this.end();
    if (open) this.#source.abandoned();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #give(piece: Uint8Array): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#source.taken(piece.length);
    waiting?.resolve({ done: false, value: piece });
  }
}

interface PromiseWithResolvers {
  resolve(result: IteratorResult<Uint8Array>): void;
  reject(error: Error): void;
}
