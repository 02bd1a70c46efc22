/** Content codings (RFC 9110 §8.4): undone piece by piece, within limits. */
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { BodyConsumer, IncomingBody } from '../contract/body.ts';
import { HttpResponseError } from './http-request-error.ts';

/** How far content may grow when it is decoded. */
export interface DecodeLimits {
  /** Octets that come out for each that goes in, once a mebibyte has come out. @defaultValue 200 */
  readonly maxRatio: number;
}

/** More codings than this on one response are an attack. */
const MAX_CODINGS = 3;
/** What may come out before the ratio counts: small things compress well. */
const FREE_BYTES = 1_048_576;

type Decoder = (first: number) => Transform;

const DECODERS: ReadonlyMap<string, Decoder> = decoders();

/** What the client can decode, for `Accept-Encoding`. */
export const acceptedEncodings: string = [...DECODERS.keys()]
  .filter((name) => name !== 'x-gzip')
  .join(', ');

/**
 * The codings of a response, in the order in which they are to be undone. `undefined` if there are none, or one that is
 * unknown: then the content is left as it is.
 * @throws HttpResponseError `HAWSER_HTTP_BAD_ENCODING` when there are too many
 */
export function contentCodings(field: string | null): readonly string[] | undefined {
  if (field === null) return undefined;
  const names = field
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length === 0 || !names.every((name) => DECODERS.has(name))) return undefined;
  if (names.length > MAX_CODINGS) throw broken(`it has ${names.length} codings`);
  return names.reverse();
}

/** `body` without its codings. Its length is unknown then; nothing is read before it is consumed. */
export function decodedBody(
  body: IncomingBody,
  codings: readonly string[],
  limits: DecodeLimits,
): IncomingBody {
  // What grows is measured by what came from the server, however many codings are in between.
  const received = { octets: 0 };
  return codings.reduce<IncomingBody>(
    (inner, coding) =>
      new DecodedBody(inner, {
        make: DECODERS.get(coding) as Decoder,
        maxRatio: limits.maxRatio,
        received,
        outermost: inner === body,
      }),
    body,
  );
}

/** What one coding is undone with. */
interface Decoding extends DecodeLimits {
  readonly make: Decoder;
  /** Counted for all codings of a body. */
  readonly received: { octets: number };
  /** Gets what came from the server. */
  readonly outermost: boolean;
}

class DecodedBody implements IncomingBody {
  readonly length = undefined;
  readonly #inner: IncomingBody;
  readonly #decoding: Decoding;
  #decoder: Transform | undefined;
  #consumer: BodyConsumer | undefined;
  #out = 0;
  #over = false;
  #paused = false;

  constructor(inner: IncomingBody, decoding: Decoding) {
    this.#inner = inner;
    this.#decoding = decoding;
  }

  get received(): boolean {
    return this.#inner.received;
  }
  get trailers(): readonly string[] {
    return this.#inner.trailers;
  }
  get used(): boolean {
    return this.#inner.used;
  }

  consume(consumer: BodyConsumer): void {
    this.#consumer = consumer;
    this.#inner.consume({
      data: (chunk) => this.#feed(chunk),
      end: () => {
        // An empty body is empty in every coding.
        if (this.#decoder) this.#decoder.end();
        else this.#finish();
      },
      failed: (error) => this.#fail(error),
    });
  }

  pause(): void {
    this.#paused = true;
    if (this.#decoder) this.#decoder.pause();
    else this.#inner.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#decoder) this.#decoder.resume();
    else if (!this.#over) this.#inner.resume();
  }

  discard(): void {
    this.#over = true;
    this.#decoder?.destroy();
    this.#inner.discard();
  }

  #feed(chunk: Buffer): void {
    if (this.#over || chunk.length === 0) return;
    const { outermost, received } = this.#decoding;
    if (outermost) received.octets += chunk.length;
    this.#decoder ??= this.#open(chunk[0] ?? 0);
    if (this.#decoder.write(chunk)) return;
    this.#inner.pause();
    this.#decoder.once('drain', () => {
      if (!this.#over) this.#inner.resume();
    });
  }

  #open(first: number): Transform {
    const decoder = this.#decoding.make(first);
    decoder.on('data', (chunk: Buffer) => this.#decoded(chunk));
    decoder.on('end', () => this.#finish());
    decoder.on('error', (cause) => {
      if (this.#over) return;
      this.#fail(broken('it is not in the encoding it claims', cause));
      this.#inner.discard();
    });
    if (this.#paused) decoder.pause();
    return decoder;
  }

  #decoded(chunk: Buffer): void {
    if (this.#over) return;
    this.#out += chunk.length;
    const { maxRatio, received } = this.#decoding;
    if (this.#out > FREE_BYTES && this.#out > received.octets * maxRatio) {
      this.#fail(broken(`it grows more than ${maxRatio} times`));
      this.#inner.discard();
      return;
    }
    this.#consumer?.data(chunk);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#consumer?.end();
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#decoder?.destroy();
    this.#consumer?.failed(error);
  }
}

function decoders(): ReadonlyMap<string, Decoder> {
  const gunzip: Decoder = () => zlib.createGunzip();
  const known = new Map<string, Decoder>([
    ['gzip', gunzip],
    ['x-gzip', gunzip],
    // "deflate" is zlib (RFC 1950), but some send the bare format (RFC 1951), whose first byte is another.
    ['deflate', (first) => ((first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw())],
    ['br', () => zlib.createBrotliDecompress()],
  ]);
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (createZstdDecompress) known.set('zstd', () => createZstdDecompress());
  return known;
}

function broken(why: string, cause?: unknown): HttpResponseError {
  const text = `Cannot decode the content of the response as ${why}`;
  return new HttpResponseError('HAWSER_HTTP_BAD_ENCODING', text, { phase: 'body', cause });
}
