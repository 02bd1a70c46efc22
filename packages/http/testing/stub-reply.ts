import type { FieldLines } from '../src/contract/field-lines.ts';
import type { HeadersInput } from '../src/contract/http-handler.ts';
import { HttpHeaders, toFieldLines } from '../src/web/http-headers.ts';
import { reasonPhrase } from '../src/wire/reason-phrase.ts';
import type { StubRequest } from './stub-request.ts';

/** What becomes of a connection after an answer. */
export type StubEnd = 'keep' | 'close' | 'reset';

/** An answer in order: only what it says can be strange. */
export interface StubAnswer {
  /** @defaultValue 200 */
  readonly status?: number | undefined;
  readonly headers?: HeadersInput | undefined;
  /** A list comes in pieces, one after the other. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** A value to answer as JSON. */
  readonly json?: unknown;
  /** How the body is framed. @defaultValue 'length' */
  readonly framing?: 'length' | 'chunked' | 'until-close' | undefined;
  /** Fields after a body in chunks. */
  readonly trailers?: HeadersInput | undefined;
  /** @defaultValue '1.1' */
  readonly version?: '1.0' | '1.1' | undefined;
  /** Responses that come before, such as `[103, { link: '</a.css>' }]`. */
  readonly interim?: readonly (readonly [status: number, headers?: HeadersInput])[] | undefined;
}

/** Any bytes, which need not be HTTP, over HTTP/1: a list comes in pieces, one after the other. */
export interface StubBytes {
  readonly raw: string | Uint8Array | readonly (string | Uint8Array)[];
}

/** When an answer comes, and what follows it. */
export interface StubTiming {
  /** Waits so long before it answers, in milliseconds on the clock of the reactor. @defaultValue 0 */
  readonly delayMs?: number | undefined;
  /** Waits so long before each further piece. @defaultValue 0 */
  readonly pieceDelayMs?: number | undefined;
  /** Answers as soon as the head of the request is there. @defaultValue false, when the whole request is */
  readonly early?: boolean | undefined;
  /** @defaultValue 'keep', but 'close' with framing 'until-close' */
  readonly end?: StubEnd | undefined;
}

/** What a stub server does with a request. `'silence'` never answers. */
export type StubReply = (StubAnswer & StubTiming) | (StubBytes & StubTiming) | 'silence' | 'reset';

/** A reply, or a function that makes it of the request. */
export type StubReplies = StubReply | ((request: StubRequest) => StubReply);

/** What an answer in order consists of. */
export interface StubContent {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly pieces: readonly Buffer[];
}

/** What an answer in order consists of, with its length if it is to be said. */
export function contentOf(reply: StubAnswer): StubContent {
  const { status = 200, framing = 'length', json } = reply;
  const given = json === undefined ? (reply.body ?? []) : JSON.stringify(json);
  const pieces = (isList(given) ? given : [given]).map((piece) => bytesOf(piece, 'utf8'));
  const headers = new HttpHeaders(reply.headers);
  if (json !== undefined && !headers.has('content-type')) {
    headers.set('content-type', 'application/json');
  }
  if (framing === 'length' && !isBodiless(status) && !headers.has('content-length')) {
    headers.set('content-length', String(pieces.reduce((sum, { length }) => sum + length, 0)));
  }
  return { status, headers, pieces };
}

/** The pieces of an answer over HTTP/1, each as it is sent. */
export function encodeReply(reply: StubAnswer | StubBytes, method: string): Buffer[] {
  if ('raw' in reply) {
    const pieces = isList(reply.raw) ? reply.raw : [reply.raw];
    // One character for each byte, so that a test can write any.
    return pieces.map((piece) => bytesOf(piece, 'latin1'));
  }
  const { version = '1.1', framing = 'length', trailers } = reply;
  const { status, headers, pieces } = contentOf(reply);
  if (framing === 'chunked') headers.set('transfer-encoding', 'chunked');
  const interim = (reply.interim ?? []).map(([code, fields]) =>
    headOf(code, '1.1', toFieldLines(new HttpHeaders(fields))),
  );
  const head = Buffer.concat([...interim, headOf(status, version, toFieldLines(headers))]);
  if (method === 'HEAD' || isBodiless(status)) return [head];
  if (framing !== 'chunked') return joined([head, ...pieces]);
  const last = Buffer.from(
    `0\r\n${linesOf(toFieldLines(new HttpHeaders(trailers)))}\r\n`,
    'latin1',
  );
  const chunks = pieces.filter(({ length }) => length > 0).map((piece) => chunkOf(piece));
  return joined([head, ...chunks, last]);
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 304 || status < 200;
}

/** The head comes with the first piece, and what ends the body with the last one. */
function joined(pieces: readonly Buffer[]): Buffer[] {
  const [head = Buffer.alloc(0), first, ...more] = pieces;
  return first ? [Buffer.concat([head, first]), ...more] : [head];
}

function headOf(status: number, version: string, fields: FieldLines): Buffer {
  const start = `HTTP/${version} ${status} ${reasonPhrase(status)}\r\n`;
  return Buffer.from(`${start}${linesOf(fields)}\r\n`, 'latin1');
}

function linesOf(fields: FieldLines): string {
  let text = '';
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return text;
}

function chunkOf(piece: Buffer): Buffer {
  const size = Buffer.from(`${piece.length.toString(16)}\r\n`);
  return Buffer.concat([size, piece, Buffer.from('\r\n')]);
}

function bytesOf(piece: string | Uint8Array, encoding: 'latin1' | 'utf8'): Buffer {
  return typeof piece === 'string' ? Buffer.from(piece, encoding) : Buffer.from(piece);
}

function isList<T extends string | Uint8Array>(given: T | readonly T[]): given is readonly T[] {
  return Array.isArray(given);
}
