import { HttpError } from '../http-error.ts';
import type { PathParams } from '../routing/path-params.ts';
import type { PartMessage, RequestMessage } from './channel.ts';
import { fromCrossed } from './crossed-error.ts';
import type { WaitingThread } from './waiting-thread.ts';

/**
 * The request, as a handler in a worker thread sees it. Every method blocks the thread until it has what it gives, and
 * throws a `RequestCancelledError` (`HAWSER_CANCELLED`) once the peer has left or the time is over.
 */
export interface BlockingRequest<Pattern extends string = string> {
  readonly method: string;
  /** The whole URL. */
  readonly url: string;
  readonly headers: Headers;
  /** What the parameters of the route stand for, typed by its pattern; empty without a router. */
  readonly params: PathParams<Pattern>;
  /**
   * The whole body. It is there already, unless it is streamed: then it is read now.
   * @throws HttpError 413 when a streamed one is longer than `maxBodyBytes`, or whatever made it fail
   */
  readonly body: Buffer;
  /** Nobody wants the answer any more. To be looked at in long loops. */
  readonly cancelled: boolean;
  /** Throws if `cancelled`. @throws RequestCancelledError */
  throwIfCancelled(): void;
  /** The next piece of the body; `undefined` at its end. A body that is not streamed is one piece. */
  readBody(): Buffer | undefined;
  /** The body as UTF-8. */
  text(): string;
  /** The body as JSON. @throws HttpError 400 when it is none */
  json(): unknown;
  /**
   * Calls a function that the reactor's side has named in `calls`, and blocks until it has answered. Arguments and
   * answer are structured clones.
   * @throws what the function threw; Error `HAWSER_THREAD_JOB` if there is none of that name
   */
  call<T = unknown>(name: string, ...args: readonly unknown[]): T;
}

const NOTHING = Buffer.alloc(0);

/** A {@link BlockingRequest} over the channel of its worker. */
export class WorkerRequest implements BlockingRequest {
  readonly #message: RequestMessage;
  readonly #thread: WaitingThread;
  /** Pieces that came while something else was waited for. */
  readonly #early: PartMessage[] = [];
  #headers: Headers | undefined;
  #body: Buffer | undefined;
  #at: 'unread' | 'asked' | 'ended' = 'unread';

  constructor(message: RequestMessage, thread: WaitingThread) {
    this.#message = message;
    this.#thread = thread;
    if (message.body === 'streamed') return;
    const { buffer, byteOffset, byteLength } = message.body;
    this.#body = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  }

  get method(): string {
    return this.#message.method;
  }

  get url(): string {
    return this.#message.url;
  }

  get headers(): Headers {
    if (!this.#headers) {
      const { fields } = this.#message;
      this.#headers = new Headers();
      for (let i = 0; i < fields.length; i += 2) {
        this.#headers.append(fields[i] ?? '', fields[i + 1] ?? '');
      }
    }
    return this.#headers;
  }

  get params(): Readonly<Record<string, string>> {
    return this.#message.params;
  }

  get cancelled(): boolean {
    return this.#thread.cancelled;
  }

  get body(): Buffer {
    this.#body ??= this.#collect();
    return this.#body;
  }

  throwIfCancelled(): void {
    this.#thread.throwIfCancelled();
  }

  readBody(): Buffer | undefined {
    if (this.#at === 'ended') return undefined;
    if (this.#body) {
      this.#at = 'ended';
      return this.#body.length > 0 ? this.#body : undefined;
    }
    if (this.#at === 'unread') this.#pull();
    const part = this.#early.shift() ?? this.#next(isBodyPart);
    if (part.at === 'chunk') {
      // The next one comes while this one is worked on.
      this.#pull();
      return Buffer.from(
        part.chunk.buffer as ArrayBuffer,
        part.chunk.byteOffset,
        part.chunk.length,
      );
    }
    this.#at = 'ended';
    if (part.at === 'broken') throw fromCrossed(part.error);
    return undefined;
  }

  text(): string {
    return this.body.toString('utf8');
  }

  json(): unknown {
    try {
      return JSON.parse(this.text());
    } catch (thrown) {
      if (!(thrown instanceof SyntaxError)) throw thrown;
      throw new HttpError(400, 'Cannot read the body as JSON', { cause: thrown });
    }
  }

  call<T = unknown>(name: string, ...args: readonly unknown[]): T {
    this.#thread.throwIfCancelled();
    this.#thread.send({ at: 'call', id: this.#message.id, name, args });
    const reply = this.#next((part) => part.at === 'reply' || part.at === 'refused');
    if (reply.at === 'refused') throw fromCrossed(reply.error);
    return (reply as { readonly value: unknown }).value as T;
  }

  #pull(): void {
    this.#at = 'asked';
    this.#thread.send({ at: 'pull', id: this.#message.id });
  }

  /** The next part that is wanted. A piece of the body that comes before a reply is kept: there is at most one. */
  #next(wanted: (part: PartMessage) => boolean): PartMessage {
    for (;;) {
      const part = this.#thread.take();
      if (wanted(part)) return part;
      if (isBodyPart(part)) this.#early.push(part);
    }
  }

  #collect(): Buffer {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const { maxBodyBytes } = this.#message;
    for (let chunk = this.readBody(); chunk; chunk = this.readBody()) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) {
        throw new HttpError(
          413,
          `Cannot read the body as it is longer than ${maxBodyBytes} bytes: ask for its pieces`,
        );
      }
      chunks.push(chunk);
    }
    return bytes > 0 ? Buffer.concat(chunks, bytes) : NOTHING;
  }
}

function isBodyPart(part: PartMessage): boolean {
  return part.at === 'chunk' || part.at === 'end' || part.at === 'broken';
}
