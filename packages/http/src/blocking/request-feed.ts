import { toError } from '@hawser/core';

/** What comes of a body. */
export type FeedPart =
  | { readonly at: 'chunk'; readonly chunk: Uint8Array }
  | { readonly at: 'end' }
  | { readonly at: 'broken'; readonly error: Error };

/** The body of a request, given away piece by piece to a thread that asks for each. */
export class RequestFeed {
  readonly #reader: ReadableStreamDefaultReader | undefined;
  #error: Error | undefined;

  constructor(body: ReadableStream | null) {
    this.#reader = body?.getReader();
  }

  /** Why the body could not be had. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** The next piece, in memory of its own. Never rejects. */
  async next(): Promise<FeedPart> {
    if (!this.#reader) return { at: 'end' };
    try {
      const { done, value } = (await this.#reader.read()) as { done: boolean; value?: unknown };
      if (done) return { at: 'end' };
      if (value instanceof Uint8Array) return { at: 'chunk', chunk: new Uint8Array(value) };
      throw new TypeError(`Cannot pass on a body as it must consist of bytes: ${typeof value}`);
    } catch (thrown) {
      this.#error = toError(thrown);
      return { at: 'broken', error: this.#error };
    }
  }

  /** Nobody wants the rest. */
  cancel(): void {
    this.#reader?.cancel().catch(() => undefined);
  }
}
