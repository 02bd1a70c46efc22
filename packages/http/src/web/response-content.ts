import { Blob } from 'node:buffer';
import { Readable } from 'node:stream';
import { isPromise, kindOf } from './kind-of.ts';

/** What pieces a streamed body consists of. Strings are sent as UTF-8. */
export type BodyPieces = AsyncIterable<Uint8Array | string>;

/** What a response can be made of. Bytes are not copied: do not change them afterwards. */
export type ResponseBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | URLSearchParams
  | FormData
  | ReadableStream
  | BodyPieces
  | null;

/** The body of a response as it is kept: whole, or where it will come from. */
export type Content = string | Uint8Array | ReadableStream | BodyPieces | null;

/** A body and what it says of itself. */
export interface ExtractedContent {
  readonly content: Content;
  readonly type?: string | undefined;
  /** Octets of what is not whole, where they are known. */
  readonly length?: number | undefined;
}

/** Sorts out what a body is ("extract a body" of the Fetch standard §6.2). What it does not know becomes a string. */
export function extractContent(body: unknown): ExtractedContent {
  if (body === null || body === undefined) return { content: null };
  if (typeof body === 'string') return { content: body, type: 'text/plain;charset=UTF-8' };
  if (body instanceof Uint8Array) return { content: body };
  if (ArrayBuffer.isView(body)) {
    return { content: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) };
  }
  if (body instanceof ArrayBuffer) return { content: new Uint8Array(body) };
  if (body instanceof URLSearchParams) {
    return { content: String(body), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  if (body instanceof Blob) {
    const { size } = body;
    const content = size === 0 ? '' : body.stream();
    return { content: content as Content, type: body.type || undefined, length: size };
  }
  if (body instanceof FormData) {
    // The standard Response writes it as multipart; there is nothing to gain from doing it again.
    const written = new Response(body);
    return { content: written.body, type: written.headers.get('content-type') ?? undefined };
  }
  if (isStream(body)) return { content: body };
  if (isPieces(body)) {
    // A node stream may fail before it is sent: who sends it hears of that then, and until then nobody must.
    if (body instanceof Readable) body.on('error', ignore);
    return { content: body };
  }
  if (isPromise(body) || isPlain(body)) {
    throw new TypeError(
      `Cannot send ${kindOf(body)}: ${isPromise(body) ? 'await it' : 'HttpResponse.json(...) writes it as JSON'}`,
    );
  }
  // As the standard, which makes text of others.
  return extractContent(`${body as string}`);
}

/** Whether the body is all there. */
export function isWhole(content: Content): content is string | Uint8Array | null {
  return content === null || typeof content === 'string' || content instanceof Uint8Array;
}

/** Whether `body` is a ReadableStream, from whatever realm. */
export function isStream(body: unknown): body is ReadableStream {
  return typeof body === 'object' && body !== null && 'getReader' in body && 'tee' in body;
}

function isPieces(body: unknown): body is BodyPieces {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function isPlain(body: unknown): boolean {
  return (
    Array.isArray(body) ||
    (typeof body === 'object' && Object.getPrototypeOf(body) === Object.prototype)
  );
}

function ignore(): void {}
