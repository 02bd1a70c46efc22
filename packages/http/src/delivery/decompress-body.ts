import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { toError } from '@hawser/core';
import type { Middleware } from '../contract/middleware.ts';
import { HttpError } from '../http-error.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { replaceBody } from './replace-body.ts';

/** Options for {@link decompressBody}. */
export interface DecompressBodyOptions {
  /** Longest body after decompression, in octets; over it 413. @defaultValue 10_485_760 */
  readonly maxBytes?: number | undefined;
  /** How many times as long as what came it may become, once it is longer than 64 KiB; over it 413. @defaultValue 100 */
  readonly maxRatio?: number | undefined;
}

/** A stream of zlib: it counts what it has used. */
type Unpacker = Transform & { readonly bytesWritten: number };

/** Short bodies may be all zeros. */
const RATIO_FROM_BYTES = 65_536;
const FEED_BYTES = 16_384;

/**
 * Gives handlers the plain body of requests with `content-encoding: gzip`, `deflate`, `br` or, where node has it, `zstd`
 * (RFC 9110 §8.4). Nothing is decompressed before the handler reads, and no faster. A body that grows beyond a limit
 * ends reading with an HttpError 413, one that is not what it claims with 400. Other codings, and several of them, are
 * answered with 415.
 *
 * @throws RangeError if a limit makes no sense
 */
export function decompressBody(options: DecompressBodyOptions = {}): Middleware {
  const { maxBytes = 10_485_760, maxRatio = 100 } = options;
  if (!(maxBytes >= 0) || !(maxRatio >= 1)) {
    throw new RangeError(
      `Cannot decompress as maxBytes must be >= 0 and maxRatio >= 1: ${maxBytes}, ${maxRatio}`,
    );
  }
  return (request, next) => {
    const field = request.headers.get('content-encoding');
    if (field === null) return next();
    const coding = field.trim().toLowerCase();
    if (coding === '' || coding === 'identity') return next();
    const start = decompressor(coding);
    if (start === undefined) throw unsupported(field);
    const { body } = request;
    if (body === null) return next();
    const headers = new HttpHeaders(request.headers);
    headers.delete('content-encoding');
    headers.delete('content-length');
    const pieces = plain(body, start, { maxBytes, maxRatio });
    return next(replaceBody(request, { pieces, headers }));
  };
}

function decompressor(coding: string): (() => Unpacker) | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return () => zlib.createGunzip();
    case 'deflate':
      return () => zlib.createInflate();
    case 'br':
      return () => zlib.createBrotliDecompress();
    case 'zstd':
      return zstd();
    default:
      return undefined;
  }
}

function zstd(): (() => Unpacker) | undefined {
  if (!('createZstdDecompress' in zlib)) return undefined;
  const create = zlib.createZstdDecompress as (options: object) => Unpacker;
  const { constants } = zlib as unknown as { constants: Readonly<Record<string, number>> };
  // What a decoder must support at least (RFC 8878 §3.1.1.1.2): 8 MiB.
  const params = { [constants['ZSTD_d_windowLogMax'] ?? 100]: 23 };
  return () => create({ params });
}

interface Limits {
  readonly maxBytes: number;
  readonly maxRatio: number;
}

async function* plain(
  body: ReadableStream<Uint8Array>,
  start: () => Unpacker,
  { maxBytes, maxRatio }: Limits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const unpacker = start();
  const source = new Feed(body, unpacker);
  let given = 0;
  try {
    for await (const chunk of unpacker as AsyncIterable<Buffer>) {
      given += chunk.length;
      if (given > maxBytes) throw tooLarge(`more than ${maxBytes} octets`);
      if (given > RATIO_FROM_BYTES && given > source.taken * maxRatio) {
        throw tooLarge(`more than ${maxRatio} times its size`);
      }
      yield chunk;
    }
    // All but gzip end silently where their content does.
    if (unpacker.bytesWritten < source.taken) throw new Error('Something is behind the content');
  } catch (error) {
    if (error instanceof HttpError || source.failure !== undefined) throw source.failure ?? error;
    throw new HttpError(400, 'Cannot decompress the body', { cause: error });
  } finally {
    unpacker.destroy();
  }
}

/** Moves a body into a decompressor, in small steps: what came and what became of it are compared often. */
class Feed {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #unpacker: Transform;
  /** Octets so far. */
  taken = 0;
  /** Why the body could not be read to its end. */
  failure: unknown;

  constructor(body: ReadableStream<Uint8Array>, unpacker: Transform) {
    this.#reader = body.getReader();
    this.#unpacker = unpacker;
    // Whoever reads from it hears of errors; after that nobody has to.
    unpacker.on('error', () => undefined);
    unpacker.once('close', () => {
      this.#reader.cancel().catch(() => undefined);
    });
    void this.#run();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        for (let at = 0; at < value.length && !this.#unpacker.destroyed; at += FEED_BYTES) {
          await this.#write(value.subarray(at, at + FEED_BYTES));
        }
      }
      if (!this.#unpacker.destroyed) this.#unpacker.end();
    } catch (error) {
      this.failure = error;
      this.#unpacker.destroy(toError(error));
    }
  }

  #write(bytes: Uint8Array): Promise<void> {
    this.taken += bytes.length;
    return new Promise((resolve) => void this.#unpacker.write(bytes, () => resolve()));
  }
}

function tooLarge(what: string): HttpError {
  return new HttpError(413, `Cannot take the body as it becomes ${what}`);
}

function unsupported(field: string): HttpError {
  const known = 'createZstdDecompress' in zlib ? 'br, zstd, gzip, deflate' : 'br, gzip, deflate';
  return new HttpError(415, `Cannot decompress a body in "${field}"`, {
    headers: { 'accept-encoding': known },
  });
}
