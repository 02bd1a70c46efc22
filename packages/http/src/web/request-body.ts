import type { BodyConsumer, IncomingBody } from '../contract/body.ts';
import { BodyCollector } from './body-collector.ts';
import { bodyAbandoned, bodyTooLarge, bodyUnusable } from './body-errors.ts';
import { collectStream } from './collect-stream.ts';
import { IncomingStream } from './incoming-stream.ts';
import { isDisturbed } from './is-disturbed.ts';
import { mayGoUnheard } from './may-go-unheard.ts';

/** Who takes the body. */
interface Reader extends BodyConsumer {
  /** It has heard the last of it. */
  readonly settled: boolean;
}

const NO_BYTES = Buffer.alloc(0);

/** The body of one request on behalf of its handler: read whole up to a limit, or as a stream without one. */
export class RequestBody {
  readonly #incoming: IncomingBody;
  readonly #maxBytes: number;
  #collector: Reader | undefined;
  #source: IncomingStream | undefined;
  /** Of `#source`, or a branch of it. */
  #stream: ReadableStream | undefined;
  /** `#stream` is not what came. */
  #replaced = false;
  #refused = false;
  #failure: Error | undefined;

  constructor(incoming: IncomingBody, maxBytes: number) {
    this.#incoming = incoming;
    this.#maxBytes = maxBytes;
  }

  /** A body that stands in the place of what came, such as one that is decompressed. Whoever made `stream` ends it. */
  static over(stream: ReadableStream, incoming: IncomingBody, maxBytes: number): RequestBody {
    const body = new RequestBody(incoming, maxBytes);
    body.#stream = stream;
    body.#replaced = true;
    return body;
  }

  /** Octets, where they are known before they are read. */
  get length(): number | undefined {
    return this.#replaced ? undefined : this.#incoming.length;
  }

  get used(): boolean {
    if (this.#refused || this.#collector) return true;
    return this.#stream !== undefined && isDisturbed(this.#stream);
  }

  /** Why the body could not be had, if it could not: the peer left, was slow, broke HTTP or sent too much. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** What `convert` makes of the whole body. One that is here already is read without a stream. */
  collect<T>(convert: (bytes: Buffer) => T | Promise<T>): Promise<T> {
    if (this.used || this.#stream?.locked) return Promise.reject(bodyUnusable());
    if (this.#stream) return mayGoUnheard(this.#collectStream(this.#stream, convert));
    const { length } = this.#incoming;
    if (length !== undefined && length > this.#maxBytes) {
      this.#refused = true;
      this.#failure = bodyTooLarge(this.#maxBytes);
      return mayGoUnheard(Promise.reject(this.#failure));
    }
    if (length === 0) return mayGoUnheard(new Promise((resolve) => resolve(convert(NO_BYTES))));
    const collector = new BodyCollector(this.#incoming, {
      maxBytes: this.#maxBytes,
      convert,
      onFailure: this.#failed,
    });
    this.#collector = collector;
    this.#incoming.consume(collector);
    return collector.promise;
  }

  /** The same stream each time. */
  get stream(): ReadableStream {
    if (this.#stream) return this.#stream;
    if (this.used) {
      this.#stream = new ReadableStream();
      void this.#stream.cancel();
    } else {
      this.#source = new IncomingStream(this.#incoming, this.#failed);
      this.#stream = this.#source.stream;
    }
    return this.#stream;
  }

  /**
   * Another body with the same bytes. The faster of both decides how fast the peer may send, so what the slower has not
   * read is kept: from now on both are limited, as streams too.
   *
   * @throws TypeError when it was read, or is being read
   */
  clone(): RequestBody {
    const { stream } = this;
    if (this.used || stream.locked) throw bodyUnusable();
    this.#source?.limit(this.#maxBytes);
    const [mine, other] = (this.#replaced ? limited(stream, this.#maxBytes) : stream).tee();
    this.#stream = mine;
    const clone = new RequestBody(this.#incoming, this.#maxBytes);
    clone.#stream = other;
    clone.#source = this.#source;
    clone.#replaced = this.#replaced;
    return clone;
  }

  /** The request is answered: whoever still reads hears of that, and the rest of the body is given up. */
  abandon(): void {
    const reader = this.#collector ?? this.#source;
    // An error costs more than all the rest: most bodies were read to their end.
    if (reader?.settled) return;
    reader?.failed(bodyAbandoned());
    this.#incoming.discard();
  }

  readonly #failed = (error: Error): void => {
    this.#failure = error;
  };

  async #collectStream<T>(
    stream: ReadableStream,
    convert: (bytes: Buffer) => T | Promise<T>,
  ): Promise<T> {
    return convert(await collectStream(stream, this.#maxBytes));
  }
}

/** `stream`, up to a limit. */
function limited(stream: ReadableStream, maxBytes: number): ReadableStream {
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw bodyTooLarge(maxBytes);
      controller.enqueue(chunk);
    },
  });
  return stream.pipeThrough(counter);
}
