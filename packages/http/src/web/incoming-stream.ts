import type { BodyConsumer, IncomingBody } from '../contract/body.ts';
import { bodyTooLarge } from './body-errors.ts';

/**
 * A body as a stream. One read of the stream takes one piece from the peer; nothing is kept. It is no byte stream: that
 * would detach the memory its pieces share with what else came with them.
 */
export class IncomingStream implements BodyConsumer {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #incoming: IncomingBody;
  readonly #onFailure: (error: Error) => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #started = false;
  #settled = false;
  #maxBytes = Number.POSITIVE_INFINITY;
  #bytes = 0;

  /** `onFailure` hears why the body cannot be had. */
  constructor(incoming: IncomingBody, onFailure: (error: Error) => void) {
    this.#incoming = incoming;
    this.#onFailure = onFailure;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller as ReadableStreamDefaultController<Uint8Array>;
        },
        pull: () => this.#pull(),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Fails once there was more than this. */
  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  get settled(): boolean {
    return this.#settled;
  }

  data(chunk: Buffer): void {
    if (this.#settled) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      this.failed(bodyTooLarge(this.#maxBytes));
      this.#incoming.discard();
      return;
    }
    // Before the piece is handed on, as whoever gets it may ask for the next at once.
    this.#incoming.pause();
    this.#controller.enqueue(chunk);
  }

  end(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#controller.close();
  }

  failed(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#onFailure(error);
    this.#controller.error(error);
  }

  #pull(): void {
    if (this.#started) {
      this.#incoming.resume();
    } else {
      this.#started = true;
      this.#incoming.consume(this);
    }
  }

  #cancel(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#incoming.discard();
  }
}
