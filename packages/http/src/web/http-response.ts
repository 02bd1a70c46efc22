import type { Blob } from 'node:buffer';
import type { HeadersInput } from '../contract/http-handler.ts';
import { parseForm } from '../forms/read-form.ts';
import type { Html } from '../html/html.ts';
import { toArrayBuffer, toBlob, toBytes, toJson, toText } from './body-content.ts';
import { bodyUnusable } from './body-errors.ts';
import { collectContent, toStream } from './content-stream.ts';
import { HttpHeaders } from './http-headers.ts';
import { isDisturbed } from './is-disturbed.ts';
import { joinStandard } from './join-standard.ts';
import { isPromise, kindOf } from './kind-of.ts';
import { type BodyProducer, ProducedBody } from './produced-body.ts';
import {
  type BodyPieces,
  type Content,
  extractContent,
  isStream,
  isWhole,
  type ResponseBody,
} from './response-content.ts';
import type { MoreParts, ResponseParts, TakeOver, Trailers } from './response-parts.ts';
import { checkBodyStatus, toReason, toReference, toStatus } from './response-rules.ts';

const SHOWN = ['status', 'statusText', 'headers', 'bodyUsed'];

/** Options for {@link HttpResponse}: those of the standard, and trailers. */
export interface HttpResponseInit {
  /** From 200 to 599. @defaultValue 200 */
  readonly status?: number | undefined;
  /** @defaultValue the phrase of RFC 9110 for the status, chosen when it is sent */
  readonly statusText?: string | undefined;
  readonly headers?: HeadersInput | undefined;
  /** Sent behind the body, which is then sent in chunks, if the peer has asked for them (RFC 9110 §6.5.1). */
  readonly trailers?: Trailers | undefined;
}

/**
 * The standard `Response`, for a tenth of its cost: strings and bytes stay what they are on the way out. Besides the
 * standard bodies it takes async iterables, node streams among them, whose pieces are bytes or text. A response with
 * text or bytes may be sent as often as you like, one with a stream once.
 *
 * @throws RangeError for a status beside 200 to 599; TypeError for a body with a status that has none, and for a
 *   `statusText` or header that is none
 * @example
 * const pong = new HttpResponse('pong\n');
 * const app: HttpHandler = (request) =>
 *   request.method === 'GET' ? pong : HttpResponse.json({ wrong: 'method' }, { status: 405 });
 */
export class HttpResponse implements Response {
  static #joined = false;
  #status = 200;
  #statusText = '';
  #headers: HttpHeaders | undefined;
  #content: Content = null;
  /** Of `#content`, once somebody asked for `body`. */
  #stream: ReadableStream | undefined;
  #used = false;
  #more: MoreParts | undefined;

  constructor(body?: ResponseBody, init?: HttpResponseInit) {
    if (!HttpResponse.#joined) HttpResponse.#joined = joinStandard(HttpResponse, 'Response', SHOWN);
    if (init !== undefined && init !== null) this.#begin(init);
    if (body === null || body === undefined) return;
    checkBodyStatus(this.#status);
    const { content, type, length } = extractContent(body);
    this.#content = content;
    if (length !== undefined) this.#more = { ...this.#more, length };
    if (type !== undefined) this.#defaultType(type);
  }

  /** JSON with `content-type: application/json`. @throws TypeError when `data` cannot be written as JSON */
  static json(data: unknown, init?: HttpResponseInit): HttpResponse {
    const text = isPromise(data) ? undefined : (JSON.stringify(data) as string | undefined);
    if (text === undefined) throw notWritten(data, 'as JSON');
    return HttpResponse.#typed(text, 'application/json', init);
  }

  /** Text with `content-type: text/plain; charset=utf-8`. */
  static text(text: string, init?: HttpResponseInit): HttpResponse {
    return HttpResponse.#typed(text, 'text/plain; charset=utf-8', init);
  }

  /**
   * HTML with `content-type: text/html; charset=utf-8`. A string is sent as it is: escape what is not yours, or let the
   * template `html` do it.
   */
  static html(html: string | Html, init?: HttpResponseInit): HttpResponse {
    return HttpResponse.#typed(
      isPromise(html) ? html : String(html),
      'text/html; charset=utf-8',
      init,
    );
  }

  /**
   * A body that comes piece by piece, from an iterable or a stream, or written by a function that starts when the answer
   * is sent. The peer decides how fast. What fails in it cuts the answer off.
   *
   * @example
   * HttpResponse.stream(async ({ write }) => {
   *   for (const row of rows) await write(`${row}\n`);
   * });
   */
  static stream(
    source: BodyProducer | BodyPieces | ReadableStream,
    init?: HttpResponseInit,
  ): HttpResponse {
    return new HttpResponse(typeof source === 'function' ? new ProducedBody(source) : source, init);
  }

  /** One JSON value a line, with `content-type: application/x-ndjson`. What is no JSON cuts the answer off. */
  static jsonLines(values: AsyncIterable<unknown>, init?: HttpResponseInit): HttpResponse {
    const response = new HttpResponse(jsonLines(values), init);
    response.#defaultType('application/x-ndjson');
    return response;
  }

  /**
   * Sends the peer elsewhere. Unlike the standard it takes relative references, such as `/login`.
   *
   * @throws RangeError when the status is not 301, 302, 303, 307 or 308; TypeError when the URL is none
   */
  static redirect(url: string | URL, status = 302): HttpResponse {
    if (![301, 302, 303, 307, 308].includes(status)) {
      throw new RangeError(`Cannot redirect as the status is none for it: ${status}`);
    }
    return new HttpResponse(null, { status, headers: [['location', toReference(url)]] });
  }

  /** As in the standard: no response at all. To send it is a mistake. */
  static error(): HttpResponse {
    const response = new HttpResponse();
    response.#status = 0;
    return response;
  }

  /** What `takeOver` makes. */
  static takingOver(takeOver: TakeOver, status: number, headers?: HeadersInput): HttpResponse {
    const response = new HttpResponse(null, { headers });
    response.#status = status;
    response.#more = { takeOver };
    return response;
  }

  /** What a response was made of. `undefined` if it is not one of ours. */
  static partsOf(response: unknown): ResponseParts | undefined {
    if (typeof response !== 'object' || response === null || !(#content in response)) {
      return undefined;
    }
    const more = response.#more;
    return {
      content: response.#content,
      length: more?.length,
      trailers: more?.trailers,
      takeOver: more?.takeOver,
    };
  }

  /**
   * The body, for the caller and nobody else. Text and bytes can be had again and again.
   *
   * @throws TypeError when it was read already, or is a stream and was sent already
   */
  static takeContent(response: HttpResponse): Content {
    if (response.bodyUsed || response.#stream?.locked) throw bodyUnusable();
    const content = response.#content;
    if (isWhole(content)) return content;
    if (isStream(content) && content.locked) throw bodyUnusable();
    const taken = response.#stream ?? content;
    response.#used = true;
    response.#stream = undefined;
    return taken;
  }

  get status(): number {
    return this.#status;
  }

  /** Empty unless it was given: the phrase for the status is added when the response is sent. */
  get statusText(): string {
    return this.#statusText;
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  get headers(): HttpHeaders {
    this.#headers ??= new HttpHeaders();
    return this.#headers;
  }

  get type(): Response['type'] {
    return this.#status === 0 ? 'error' : 'default';
  }

  get url(): string {
    return '';
  }

  get redirected(): boolean {
    return false;
  }

  get body(): ReadableStream | null {
    if (this.#content === null) return null;
    if (!this.#used) {
      this.#stream ??= toStream(this.#content);
      return this.#stream;
    }
    // Whoever has taken it reads it perhaps right now: what is shown here is another stream.
    this.#stream ??= new ReadableStream();
    if (!this.#stream.locked && !isDisturbed(this.#stream)) void this.#stream.cancel();
    return this.#stream;
  }

  get bodyUsed(): boolean {
    if (this.#used) return true;
    const stream = this.#stream ?? this.#content;
    return isStream(stream) && isDisturbed(stream);
  }

  text(): Promise<string> {
    return this.#collect(toText);
  }

  json(): Promise<unknown> {
    return this.#collect(toJson);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#collect(toArrayBuffer);
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#collect(toBytes);
  }

  blob(): Promise<Blob> {
    return this.#collect((bytes) => toBlob(bytes, this.headers.get('content-type')));
  }

  formData(): Promise<FormData> {
    return this.#collect((bytes) => parseForm(bytes, this.headers.get('content-type')));
  }

  /**
   * The same response for a second reader. Of a stream, what the slower reader has not taken is kept.
   *
   * @throws TypeError when the body was read, or is being read
   */
  clone(): HttpResponse {
    const { body } = this;
    if (this.bodyUsed || body?.locked) throw bodyUnusable();
    const clone = this.#copy();
    if (body === null || isWhole(this.#content)) return clone;
    const [mine, other] = body.tee();
    this.#content = mine;
    this.#stream = mine;
    clone.#content = other;
    return clone;
  }

  /**
   * A response with this body and another head: what is not given stays. For middleware, as this one may be a constant
   * that is sent again. A streamed body moves along.
   *
   * @throws as the constructor
   */
  with(changes: Pick<HttpResponseInit, 'status' | 'statusText' | 'headers'>): HttpResponse {
    const changed = this.#copy();
    changed.#begin(changes);
    if (this.#content !== null && changes.status !== undefined) checkBodyStatus(changes.status);
    changed.#content = HttpResponse.takeContent(this);
    return changed;
  }

  get [Symbol.toStringTag](): string {
    return 'Response';
  }

  static #typed(text: unknown, type: string, init: HttpResponseInit | undefined): HttpResponse {
    const response = new HttpResponse(null, init);
    checkBodyStatus(response.#status);
    if (typeof text !== 'string') throw notWritten(text, 'as text');
    response.#content = text;
    response.#defaultType(type);
    return response;
  }

  #begin(init: HttpResponseInit): void {
    if (init.status !== undefined) this.#status = toStatus(init.status);
    if (init.statusText !== undefined) this.#statusText = toReason(init.statusText);
    if (init.headers !== undefined) this.#headers = new HttpHeaders(init.headers);
    if (init.trailers !== undefined) this.#more = { ...this.#more, trailers: init.trailers };
  }

  #defaultType(type: string): void {
    if (this.#headers === undefined) this.#headers = HttpHeaders.over(['content-type', type]);
    else if (!this.#headers.has('content-type')) this.#headers.append('content-type', type);
  }

  #collect<T>(convert: (bytes: Buffer) => T | Promise<T>): Promise<T> {
    try {
      const content = HttpResponse.takeContent(this);
      this.#used ||= content !== null;
      return collectContent(content, convert);
    } catch (thrown) {
      return Promise.reject(thrown as Error);
    }
  }

  #copy(): HttpResponse {
    const copy = new HttpResponse();
    copy.#status = this.#status;
    copy.#statusText = this.#statusText;
    if (this.#headers) copy.#headers = new HttpHeaders(this.#headers);
    copy.#content = this.#content;
    copy.#more = this.#more;
    return copy;
  }
}

async function* jsonLines(values: AsyncIterable<unknown>): AsyncGenerator<string, void, undefined> {
  for await (const value of values) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError('Cannot write a value of a response as JSON');
    yield `${text}\n`;
  }
}

function notWritten(data: unknown, how: string): TypeError {
  const why = isPromise(data) ? ' as it is a promise: await it' : `: ${kindOf(data)}`;
  return new TypeError(`Cannot write the data of a response ${how}${why}`);
}
