import type { BodyConsumer, IncomingBody } from '../contract/body.ts';
import { bodyTooLarge } from './body-errors.ts';

const NO_BYTES = Buffer.alloc(0);

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
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #bytes = 0;
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
    this.#bytes += chunk.length;
    const { maxBytes } = this.#options;
    if (this.#bytes > maxBytes) {
      this.failed(bodyTooLarge(maxBytes));
      this.#incoming.discard();
    } else if (this.#first === undefined) {
      this.#first = chunk;
    } else {
      this.#more ??= [this.#first];
      this.#more.push(chunk);
    }
  }

  end(): void {
    if (this.#settled) return;
    this.#settled = true;
    const bytes = this.#more ? Buffer.concat(this.#more, this.#bytes) : (this.#first ?? NO_BYTES);
    this.#release();
    try {
      this.#resolve(this.#options.convert(bytes));
    } catch (thrown) {
      this.#reject(thrown);
    }
  }

  failed(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#release();
    this.#options.onFailure(error);
    // What a peer does must not end the process when the handler does not wait for the body.
    this.promise.catch(() => undefined);
    this.#reject(error);
  }

  #release(): void {
    this.#first = undefined;
    this.#more = undefined;
  }
}
