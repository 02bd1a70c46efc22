import type { Taken } from './app-socket.ts';

/** The body of an answer on its way from a mounted app: whoever writes goes on when it was taken. */
export class AnswerPieces implements AsyncIterableIterator<Uint8Array> {
  readonly #chunks: Uint8Array[];
  readonly #cancelled: () => void;
  #end: 'open' | 'complete' | { readonly error: Error } = 'open';
  #taken: Taken | undefined;
  #next: ((settle: () => Promise<IteratorResult<Uint8Array>>) => void) | undefined;

  /** @param cancelled hears that nobody wants the rest */
  constructor(chunks: Uint8Array[], cancelled: () => void) {
    this.#chunks = chunks;
    this.#cancelled = cancelled;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  complete(): void {
    if (this.#end === 'open') this.#end = 'complete';
    this.#wake();
  }

  fail(error: Error): void {
    if (this.#end === 'open') this.#end = { error };
    this.#release();
    this.#wake();
  }

  /** Calls `taken` once everything was taken. */
  whenTaken(taken: Taken): void {
    if (this.#chunks.length === 0 || typeof this.#end === 'object') taken();
    else this.#taken = taken;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    // Before it is looked what there is, as more may be written at once.
    if (this.#chunks.length === 0) this.#release();
    const now = this.#take();
    if (now) return now;
    return new Promise((resolve) => {
      this.#next = (settle) => resolve(settle());
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Nobody wants the rest. */
  destroy(): void {
    if (this.#end === 'open') this.#end = 'complete';
    this.#chunks.length = 0;
    this.#release();
    this.#cancelled();
  }

  #take(): Promise<IteratorResult<Uint8Array>> | undefined {
    const value = this.#chunks.shift();
    if (value) return Promise.resolve({ done: false, value });
    if (this.#end === 'open') return undefined;
    if (this.#end === 'complete') return Promise.resolve({ done: true, value: undefined });
    return Promise.reject(this.#end.error);
  }

  #wake(): void {
    const next = this.#next;
    const taken = next && this.#take();
    if (!next || !taken) return;
    this.#next = undefined;
    next(() => taken);
  }

  #release(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }
}
