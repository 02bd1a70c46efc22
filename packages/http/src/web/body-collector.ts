import type { BodyConsumer, IncomingBody } from '../contract/body.ts';
import { bodyTooLarge } from './body-errors.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { mayGoUnheard } from './may-go-unheard.ts';

/** What a {@link BodyCollector} does. */
export interface CollectorOptions<T> {
  readonly maxBytes: number;
  /** What becomes of the bytes. A throw rejects. */
  readonly convert: (bytes: Buffer) => T | Promise<T>;
  /** Hears why the body cannot be had. */
  readonly onFailure: (error: Error) => void;
}

/** Takes a whole body, up to a limit, and settles one promise with what it is turned into. */
export class BodyCollector<T> implements BodyConsumer {
  readonly promise: Promise<T>;
  readonly #incoming: IncomingBody;
  readonly #options: CollectorOptions<T>;
  #resolve!: (value: T | Promise<T>) => void;
  #reject!: (error: unknown) => void;
  readonly #bytes = new GrowingBytes();
  #settled = false;

  constructor(incoming: IncomingBody, options: CollectorOptions<T>) {
    this.#incoming = incoming;
    this.#options = options;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get settled(): boolean {
    return this.#settled;
  }

  data(chunk: Buffer): void {
    if (this.#settled) return;
    const { maxBytes } = this.#options;
    if (this.#bytes.length + chunk.length > maxBytes) {
      this.failed(bodyTooLarge(maxBytes));
      this.#incoming.discard();
    } else {
      this.#bytes.add(chunk);
    }
  }

  end(): void {
    if (this.#settled) return;
    this.#settled = true;
    try {
      const converted = this.#options.convert(this.#bytes.take());
      if (converted instanceof Promise) void mayGoUnheard(this.promise);
      this.#resolve(converted);
    } catch (thrown) {
      void mayGoUnheard(this.promise);
      this.#reject(thrown);
    }
  }

  failed(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#bytes.clear();
    this.#options.onFailure(error);
    void mayGoUnheard(this.promise);
    this.#reject(error);
  }
}
