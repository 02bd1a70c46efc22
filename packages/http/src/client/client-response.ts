import type { Blob } from 'node:buffer';
import { type Deferred, fail, fromPromise, succeed } from '@hawser/core';
import type { IncomingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { toArrayBuffer, toBlob, toBytes } from '../web/body-content.ts';
import { bodyUnusable } from '../web/body-errors.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { IncomingStream } from '../web/incoming-stream.ts';
import { isDisturbed } from '../web/is-disturbed.ts';
import { joinStandard } from '../web/join-standard.ts';
import { bodyLines } from './body-lines.ts';
import { decoderOf } from './charset.ts';
import { collectBody, collectStream } from './collect-body.ts';
import { discardedError } from './discarded-error.ts';

/** What `console.log` shows. */
const SHOWN = ['url', 'status', 'statusText', 'headers', 'bodyUsed'];

/** When what happened to a request, in milliseconds on the clock of the reactor. */
export interface ResponseTimings {
  /** The request was made. */
  readonly startedAt: number;
  /** The last attempt had a connection. */
  readonly connectedAt: number;
  /** The head of the response was there. */
  readonly headAt: number;
  /** The body was there as a whole, or was given up; `undefined` before. */
  readonly endedAt: number | undefined;
  /** Times that a request was sent, redirects included. */
  readonly attempts: number;
  /** The last attempt used a connection that had served before. */
  readonly reused: boolean;
}

/** What a {@link ClientResponse} is made of. */
export interface ClientResponseParts {
  readonly status: number;
  readonly statusText: string;
  readonly version: '1.0' | '1.1' | '2.0';
  readonly fields: FieldLines;
  readonly rawFields: FieldLines;
  readonly url: string;
  readonly redirected: boolean;
  /** `null` if the response can have none. */
  readonly body: IncomingBody | null;
  /** @defaultValue false */
  readonly decoded?: boolean | undefined;
  readonly maxBodyBytes: number;
  readonly timings: ResponseTimings;
}

/** Options for {@link ClientResponse.collect} and the methods that build on it. */
export interface CollectOptions {
  /** @defaultValue `maxBodyBytes` of the request */
  readonly maxBytes?: number | undefined;
}

/**
 * The answer to a request: a standard `Response`, whose methods give a `Deferred` and hold a bounded number of octets.
 * Nothing is read from the server before somebody asks for the body. Read it or `discard` it: until then it keeps its
 * connection, which a minute without a reader ends.
 */
export class ClientResponse implements Response {
  static #joined = false;
  readonly #parts: ClientResponseParts;
  #headers: HttpHeaders | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  #incoming: IncomingStream | undefined;
  #collecting: Deferred<Buffer> | undefined;
  #used = false;

  /** For engines; a test makes one of its own with `new Response()`. */
  constructor(parts: ClientResponseParts) {
    if (!ClientResponse.#joined)
      ClientResponse.#joined = joinStandard(ClientResponse, 'Response', SHOWN);
    this.#parts = parts;
  }

  /** Octets of the body, as it can be read, where they are known. */
  static lengthOf(response: ClientResponse): number | undefined {
    const { body } = response.#parts;
    return body === null ? 0 : body.length;
  }

  get status(): number {
    return this.#parts.status;
  }
  get statusText(): string {
    return this.#parts.statusText;
  }
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }
  get version(): '1.0' | '1.1' | '2.0' {
    return this.#parts.version;
  }
  /** As they were sent: what was decoded still has its `content-encoding`, and its length before that. */
  get headers(): HttpHeaders {
    this.#headers ??= HttpHeaders.over(this.#parts.fields);
    return this.#headers;
  }
  /** The lines of the head, in their order. */
  get fields(): FieldLines {
    return this.#parts.fields;
  }
  /** {@link fields} with the names as they were spelled. */
  get rawFields(): FieldLines {
    return this.#parts.rawFields;
  }
  /** Where it came from, after all redirects. */
  get url(): string {
    return this.#parts.url;
  }
  get redirected(): boolean {
    return this.#parts.redirected;
  }
  get type(): Response['type'] {
    return 'default';
  }
  /** Whether the body is not what was sent: a `content-encoding` was undone, which the headers still name. */
  get decoded(): boolean {
    return this.#parts.decoded ?? false;
  }
  get timings(): ResponseTimings {
    return this.#parts.timings;
  }
  /** Fields after the body; complete once it was read to its end. */
  get trailers(): HttpHeaders {
    return HttpHeaders.over(this.#parts.body?.trailers ?? []);
  }

  // --- the body ---

  get body(): ReadableStream<Uint8Array> | null {
    return this.#parts.body === null ? null : this.stream;
  }
  /** The body, empty if there is none. Nothing is read ahead of who reads the stream; cancelling it gives the rest up. */
  get stream(): ReadableStream<Uint8Array> {
    this.#stream ??= this.#open();
    return this.#stream;
  }
  get bodyUsed(): boolean {
    return this.#used || (this.#stream !== undefined && isDisturbed(this.#stream));
  }

  /**
   * All of the body.
   * @throws HttpResponseError `HAWSER_HTTP_BODY_TOO_LARGE`, `HAWSER_HTTP_BAD_ENCODING`; HttpRequestError
   * `HAWSER_HTTP_INCOMPLETE`, `HAWSER_HTTP_TIMEOUT`; TypeError when it is read already
   */
  collect(options: CollectOptions = {}): Deferred<Buffer> {
    const { maxBytes = this.#parts.maxBodyBytes } = options;
    if (this.bodyUsed || this.#stream?.locked) return fail(bodyUnusable());
    const { body } = this.#parts;
    if (body === null) return succeed(Buffer.alloc(0));
    this.#used = true;
    const stream = this.#stream;
    this.#collecting = stream
      ? fromPromise(collectStream(stream, maxBytes), { canceller: () => this.#giveUp() })
      : collectBody(body, maxBytes);
    return this.#collecting;
  }

  /** {@link collect}, as text in the charset of `content-type`. */
  text(options?: CollectOptions): Deferred<string> {
    const decoder = decoderOf(this.headers.get('content-type'));
    return this.collect(options).addCallback((bytes) => decoder.decode(bytes));
  }

  /** {@link collect}, as JSON. @throws SyntaxError when it is none */
  json<T = unknown>(options?: CollectOptions): Deferred<T> {
    return this.collect(options).addCallback(
      (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T,
    );
  }

  bytes(options?: CollectOptions): Deferred<Uint8Array<ArrayBuffer>> {
    return this.collect(options).addCallback(toBytes);
  }

  arrayBuffer(options?: CollectOptions): Deferred<ArrayBuffer> {
    return this.collect(options).addCallback(toArrayBuffer);
  }

  blob(options?: CollectOptions): Deferred<Blob> {
    return this.collect(options).addCallback((bytes) =>
      toBlob(bytes, this.headers.get('content-type')),
    );
  }

  formData(options?: CollectOptions): Deferred<FormData> {
    const type = this.headers.get('content-type') ?? '';
    return this.collect(options).addCallback((bytes) =>
      new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData(),
    );
  }

  /**
   * The lines of the body as they arrive, without their ends.
   * @throws ProtocolError `HAWSER_LINE_TOO_LONG` for one of more than `max` characters
   * @example
   * for await (const line of response.lines({ max: 65_536 })) console.log(JSON.parse(line));
   */
  lines(options: { readonly max: number }): AsyncGenerator<string> {
    const decoder = decoderOf(this.headers.get('content-type'));
    return bodyLines(this.stream, decoder, options.max);
  }

  /**
   * Gives the body up: who reads it sees an error. A short rest is read, so that the connection can be used again.
   */
  discard(): void {
    this.#used = true;
    this.#collecting?.cancel();
    this.#giveUp();
  }

  /**
   * The same response for a second reader. What the slower reader has not taken is kept.
   * @throws TypeError when the body was read, or is being read
   */
  clone(): ClientResponse {
    if (this.bodyUsed || this.#stream?.locked) throw bodyUnusable();
    const clone = new ClientResponse(this.#parts);
    if (this.#parts.body === null) return clone;
    const [mine, other] = this.stream.tee();
    this.#stream = mine;
    clone.#stream = other;
    clone.#incoming = this.#incoming;
    return clone;
  }

  get [Symbol.toStringTag](): string {
    return 'Response';
  }

  #open(): ReadableStream<Uint8Array> {
    const { body } = this.#parts;
    if (body === null) return new ReadableStream({ start: (controller) => controller.close() });
    this.#incoming = new IncomingStream(body, () => undefined);
    const { stream } = this.#incoming;
    // Somebody has collected it, so it is there and used up, as the standard wants it.
    if (this.#used) void stream.cancel();
    return stream;
  }

  #giveUp(): void {
    if (this.#stream && !this.#stream.locked) {
      this.#stream.cancel().catch(() => undefined);
      return;
    }
    // Who reads the stream would wait for ever.
    this.#incoming?.failed(discardedError());
    this.#parts.body?.discard();
  }
}
