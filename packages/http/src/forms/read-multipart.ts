import { type FormBounds, formTooLarge } from './form-limits.ts';
import { MultipartParser } from './multipart-parser.ts';
import type { Part } from './part.ts';

type Body = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Reads a multipart form: see {@link parts}. Whoever iterates decides how fast the body is read. */
export async function* readMultipart(
  body: Body,
  contentType: string,
  bounds: FormBounds,
): AsyncGenerator<Part, void, undefined> {
  const feed = new Feed(body, contentType, bounds);
  try {
    for (let part = await feed.next(); part; part = await feed.next()) yield part;
  } finally {
    feed.stop();
  }
}

/** Moves the body into the parser while somebody wants a part, or reads a file. */
class Feed {
  readonly #parser: MultipartParser;
  readonly #bounds: FormBounds;
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #parts: Part[] = [];
  #current: Part | undefined;
  #started = false;
  #finished = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #wakeFeed: (() => void) | undefined;

  constructor(body: Body, contentType: string, bounds: FormBounds) {
    this.#bounds = bounds;
    this.#parser = new MultipartParser(contentType, bounds, {
      part: (part) => {
        this.#parts.push(part);
        this.#awake();
      },
    });
    this.#source =
      Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  }

  /** @throws the failure */
  async next(): Promise<Part | undefined> {
    if (this.#current?.kind === 'file') this.#current.stream.resume();
    this.#current = undefined;
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    for (;;) {
      // What came before a failure is of no use without the rest.
      if (this.#failure) throw this.#failure.error;
      this.#current = this.#parts.shift();
      if (this.#parts.length === 0) this.#awakeFeed();
      if (this.#current || this.#finished) return this.#current;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.#finished || this.#failure) return;
    this.#finished = true;
    this.#parser.fail(new Error('Cannot read on as the form was left'));
    this.#awakeFeed();
    void this.#cancel();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      await this.#feed();
      await this.#parser.end();
    } catch (thrown) {
      this.#failure = { error: this.#parser.failure ?? thrown };
      this.#parser.fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
      void this.#cancel();
    }
    this.#finished = true;
    this.#awake();
  }

  async #feed(): Promise<void> {
    const { maxBytes } = this.#bounds;
    let bytes = 0;
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done || this.#finished) return;
      bytes += value.length;
      if (bytes > maxBytes) throw formTooLarge('too many bytes', maxBytes);
      await this.#parser.write(value);
      // Fields pile up no further than those of one piece.
      while (this.#parts.length > 0 && !this.#finished) {
        await new Promise<void>((wake) => {
          this.#wakeFeed = wake;
        });
      }
    }
  }

  async #cancel(): Promise<void> {
    try {
      await this.#source.return?.();
    } catch {
      // It has failed already, which was heard.
    }
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #awakeFeed(): void {
    const wake = this.#wakeFeed;
    this.#wakeFeed = undefined;
    wake?.();
  }
}
