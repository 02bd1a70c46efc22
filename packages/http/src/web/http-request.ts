import type { Blob } from 'node:buffer';
import { UsageError } from '@hawser/core';
import type { HttpExchange } from '../contract/exchange.ts';
import type { HeadersInput } from '../contract/http-handler.ts';
import { parseForm } from '../forms/read-form.ts';
import { HttpError } from '../http-error.ts';
import { toArrayBuffer, toBlob, toBytes, toJson, toText } from './body-content.ts';
import { HttpHeaders } from './http-headers.ts';
import { joinStandard } from './join-standard.ts';
import { mayGoUnheard } from './may-go-unheard.ts';
import { RequestBody } from './request-body.ts';
import { requestUrl } from './request-url.ts';

const DEFAULT_MAX_BODY_BYTES = 1_048_576;
const NO_BYTES = Buffer.alloc(0);
const SHOWN = ['method', 'headers', 'bodyUsed'];

/** Options for {@link HttpRequest}. */
export interface HttpRequestOptions {
  /**
   * Longest body that `text()`, `json()` and their like take, in octets; over it they reject with an HttpError 413,
   * before anything is read when the peer has announced more. `body` as a stream has no limit. @defaultValue 1_048_576
   */
  readonly maxBodyBytes?: number | undefined;
}

/** What {@link HttpRequest.with} changes. */
export interface RequestChanges {
  /** An absolute URL. */
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: HeadersInput | undefined;
  /** In the place of the body, such as the same decompressed; the limit counts for it. Reading it should read that. */
  readonly body?: ReadableStream | undefined;
}

/**
 * The request of an exchange, as the standard `Request`; each member is made when it is asked for. GET and HEAD have no
 * body, as in the Fetch standard; what a peer sends all the same is thrown away.
 *
 * `text()`, `json()`, `arrayBuffer()`, `bytes()`, `blob()` and `formData()` reject with HttpError 413 for a body over
 * the limit, 400 for what is no JSON or form; with a `ProtocolError` or `ConnectionError` when the peer leaves, is too
 * slow or breaks HTTP in the middle, which a handler that lets it through answers with 400 or 408. `fetch(request)` and
 * `new Request(request)` take only what they have made themselves: give them {@link toStandardRequest}.
 */
export class HttpRequest implements Request {
  static #joined = false;
  readonly #exchange: HttpExchange;
  #maxBodyBytes: number;
  #method: string;
  #url: string | undefined;
  #headers: HttpHeaders | undefined;
  #body: RequestBody | undefined;

  constructor(exchange: HttpExchange, options?: HttpRequestOptions) {
    if (!HttpRequest.#joined) HttpRequest.#joined = joinStandard(HttpRequest, 'Request', SHOWN);
    this.#exchange = exchange;
    this.#method = exchange.method;
    this.#maxBodyBytes = options?.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  }

  /** What {@link exchangeOf} gives. */
  static exchangeOf(request: object): HttpExchange | undefined {
    return #exchange in request ? request.#exchange : undefined;
  }

  /** The body if anybody has asked for it. */
  static bodyOf(request: HttpRequest): RequestBody | undefined {
    return request.#body;
  }

  /** From now on the longest body that is collected is another; one that was asked for keeps its limit. */
  static limitBody(request: HttpRequest, maxBodyBytes: number): void {
    request.#maxBodyBytes = maxBodyBytes;
  }

  /** Octets of the body, where that is known: what a peer has announced says nothing of a body in the place of it. */
  static lengthOf(request: HttpRequest): number | undefined {
    return request.#body ? request.#body.length : request.#exchange.body.length;
  }

  get method(): string {
    return this.#method;
  }

  /**
   * The whole URL as the URL standard writes it, without a fragment.
   *
   * @throws HttpError 400 when no URL can name what the peer asked for
   */
  get url(): string {
    this.#url ??= requestUrl(this.#exchange);
    if (this.#url === undefined) {
      throw new HttpError(400, `Cannot name the request by a URL: ${this.#exchange.target}`);
    }
    return this.#url;
  }

  get headers(): HttpHeaders {
    this.#headers ??= HttpHeaders.over(this.#exchange.fields);
    return this.#headers;
  }

  /** Aborted when the peer leaves before it has the whole answer. */
  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  /** Read no faster than it is taken, without a limit. `null` if there is none. */
  get body(): ReadableStream | null {
    return this.#hasBody() ? this.#readable().stream : null;
  }

  get bodyUsed(): boolean {
    return this.#body?.used ?? false;
  }

  text(): Promise<string> {
    return this.#collect(toText);
  }

  json(): Promise<unknown> {
    return this.#collect(jsonOfPeer);
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

  /** A form, urlencoded or multipart, with files in memory. For uploads take {@link parts}. */
  formData(): Promise<FormData> {
    return this.#collect((bytes) => parseForm(bytes, this.headers.get('content-type')));
  }

  /**
   * The same request for a second reader of its body, kept in memory up to the limit.
   *
   * @throws TypeError when the body was read, or is being read
   */
  clone(): HttpRequest {
    const clone = this.#copy();
    if (this.#hasBody()) clone.#body = this.#readable().clone();
    return clone;
  }

  /**
   * This request with another URL, method, body or other headers, such as for an app that is mounted below a path. Unless
   * it gets its own, both have one body, which can be read once.
   *
   * @throws TypeError when the URL or a header is none
   */
  with(changes: RequestChanges): HttpRequest {
    const changed = this.#copy();
    if (changes.body) changed.#body = this.#bodyOver(changes.body);
    else if (this.#hasBody()) changed.#body = this.#readable();
    if (changes.url !== undefined) changed.#url = new URL(changes.url).href;
    if (changes.method !== undefined) changed.#method = changes.method;
    if (changes.headers !== undefined) changed.#headers = new HttpHeaders(changes.headers);
    return changed;
  }

  get cache(): Request['cache'] {
    return 'default';
  }

  get credentials(): Request['credentials'] {
    return 'same-origin';
  }

  get destination(): Request['destination'] {
    return '';
  }

  get duplex(): Request['duplex'] {
    return 'half';
  }

  get integrity(): string {
    return '';
  }

  get keepalive(): boolean {
    return false;
  }

  get mode(): Request['mode'] {
    return 'cors';
  }

  get redirect(): Request['redirect'] {
    return 'follow';
  }

  get referrer(): string {
    return 'about:client';
  }

  get referrerPolicy(): Request['referrerPolicy'] {
    return '' as Request['referrerPolicy'];
  }

  get isReloadNavigation(): boolean {
    return false;
  }

  get isHistoryNavigation(): boolean {
    return false;
  }

  get [Symbol.toStringTag](): string {
    return 'Request';
  }

  #hasBody(): boolean {
    if (this.#body) return true;
    if (this.#exchange.body.length === 0) return false;
    return this.#method !== 'GET' && this.#method !== 'HEAD';
  }

  #readable(): RequestBody {
    this.#body ??= new RequestBody(this.#exchange.body, this.#maxBodyBytes);
    return this.#body;
  }

  #bodyOver(stream: ReadableStream): RequestBody {
    return RequestBody.over(stream, this.#exchange.body, this.#maxBodyBytes);
  }

  #collect<T>(convert: (bytes: Buffer) => T | Promise<T>): Promise<T> {
    if (this.#hasBody()) return this.#readable().collect(convert);
    return mayGoUnheard(new Promise((resolve) => resolve(convert(NO_BYTES))));
  }

  #copy(): HttpRequest {
    const copy = new HttpRequest(this.#exchange, { maxBodyBytes: this.#maxBodyBytes });
    copy.#method = this.#method;
    copy.#url = this.#url;
    // Those that nobody has changed are those of the exchange.
    const lines = this.#headers && HttpHeaders.linesOf(this.#headers);
    if (lines && lines !== this.#exchange.fields) copy.#headers = new HttpHeaders(this.#headers);
    return copy;
  }
}

/**
 * The exchange behind a request of this server, for code near the engine: fields as they were sent, the connection,
 * `takeOver`. Also of what `clone` and `with` have made.
 *
 * @throws UsageError `HAWSER_NOT_AVAILABLE` for a request that was made by hand, such as by `new Request(...)`
 */
export function exchangeOf(request: Request): HttpExchange {
  const exchange = HttpRequest.exchangeOf(request);
  if (exchange) return exchange;
  throw new UsageError(
    'HAWSER_NOT_AVAILABLE',
    'Cannot give the exchange of a request that did not come from a server',
  );
}

/**
 * A request for `fetch` and whatever else takes only the Request of this process. The body moves along: it cannot be
 * read from `request` any more.
 *
 * @throws TypeError when the body was read already, or for a method that the standard forbids, such as CONNECT
 */
export function toStandardRequest(request: Request): Request {
  if (HttpRequest.exchangeOf(request) === undefined) return request;
  return new Request(request.url, request as unknown as RequestInit);
}

function jsonOfPeer(bytes: Buffer): unknown {
  try {
    return toJson(bytes);
  } catch (cause) {
    throw new HttpError(400, 'Cannot read the body as it is no JSON', { cause });
  }
}
