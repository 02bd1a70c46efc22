import type { Answer, HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../contract/middleware.ts';
import { HttpError } from '../http-error.ts';
import { editHeaders } from '../middleware/edit-response.ts';
import { whenThere } from '../routing/now-or-later.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { HttpResponse } from '../web/http-response.ts';
import { rankEncodings } from './accept-encoding.ts';
import { CompressedPieces } from './compressed-pieces.ts';
import { isCompressible } from './compressible.ts';
import {
  availableCodings,
  type Codec,
  type CompressionLevels,
  type ContentCoding,
  createCodec,
} from './content-codings.ts';
import { parseEntityTags, weaken } from './entity-tag.ts';
import { BodyPieces, discardResponse, takeBody } from './response-pieces.ts';
import { addVary } from './vary.ts';

/** Options for {@link compression}. */
export interface CompressionOptions {
  /** Codings to offer, the first among those a peer likes equally. @defaultValue `br`, `zstd` where node has it, `gzip` */
  readonly codings?: readonly ContentCoding[] | undefined;
  /** Shorter bodies stay as they are, in octets. @defaultValue 1024 */
  readonly thresholdBytes?: number | undefined;
  readonly levels?: CompressionLevels | undefined;
  /** Which types are worth it, by the `content-type` field. @defaultValue text, JSON, XML, scripts, SVG and their like */
  readonly compressible?: ((contentType: string) => boolean) | undefined;
}

/**
 * Whole bodies up to this size are compressed in the same turn: measured, the way through a thread costs the turn as
 * much time as the work itself until about here.
 */
const NOW_BYTES = 16_384;

/** Fields that speak of the bytes as they were. */
const DIGESTS = ['content-digest', 'repr-digest', 'digest', 'content-md5'] as const;

/**
 * Compresses answers by what the peer accepts (RFC 9110 §12.5.3). Bodies that come in pieces are compressed as they come,
 * at the pace of the peer; when their source makes a pause, what there is leaves. Left as they are: short bodies, types that
 * gain nothing, event streams, what has a `content-encoding`, a digest or `cache-control: no-transform` already, parts
 * (206) and answers without a body. `ETag` becomes weak, `Vary` names `accept-encoding`. A peer that accepts nothing
 * there is, not even `identity`, gets 406.
 *
 * An answer that has both a secret and text of the peer's choice must not be compressed over TLS, as its length tells
 * about the secret (BREACH): give it `cache-control: no-transform`.
 *
 * One streamed answer takes up to 1 MiB of memory while it is sent.
 *
 * @throws RangeError if this node lacks a coding, or a level or the threshold makes no sense
 */
export function compression(options: CompressionOptions = {}): Middleware {
  const { codings = availableCodings(), thresholdBytes = 1024, levels = {} } = options;
  const { compressible = isCompressible } = options;
  if (!(thresholdBytes >= 0)) {
    throw new RangeError(`Cannot compress as thresholdBytes must be >= 0: ${thresholdBytes}`);
  }
  const codecs = new Map(codings.map((coding) => [coding, createCodec(coding, levels)]));
  const offered = [...codecs.keys()];
  return (request, next, context) =>
    whenThere(next(), (response) => {
      // What they are of would have been compressed perhaps, which is not known any more.
      if (response.status === 304) return vary(unchanged(response, request));
      if (response.status === 206) return vary(response);
      if (!couldBe(response, compressible)) return response;
      const ranked = rankEncodings(request.headers.get('accept-encoding'), offered);
      const [best] = ranked;
      if (best === undefined) {
        discardResponse(response);
        throw notAcceptable();
      }
      const codec = best === 'identity' ? undefined : codecs.get(best);
      const job = { response, context, thresholdBytes, must: !ranked.includes('identity') };
      if (codec === undefined || best === 'identity') return vary(response);
      return request.method === 'HEAD'
        ? asIfCompressed(job, best)
        : compress(job, { codec, coding: best });
    });
}

interface Job {
  readonly response: Response;
  readonly context: HttpContext;
  readonly thresholdBytes: number;
  /** The peer does not take it as it is, however short. */
  readonly must: boolean;
}

interface Chosen {
  readonly codec: Codec;
  readonly coding: ContentCoding;
}

function couldBe(response: Response, compressible: (contentType: string) => boolean): boolean {
  const { status, headers } = response;
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304)
    return false;
  if (HttpResponse.partsOf(response)?.takeOver) return false;
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') return false;
  if (/(?:^|[\s,])no-transform(?:$|[\s,])/i.test(headers.get('cache-control') ?? '')) return false;
  if (headers.has('content-range') || DIGESTS.some((name) => headers.has(name))) return false;
  const type = headers.get('content-type');
  return type !== null && compressible(type);
}

function compress(job: Job, { codec, coding }: Chosen): Answer {
  const { response, thresholdBytes, must } = job;
  const content = HttpResponse.partsOf(response)?.content;
  if (content === null) return response;
  if (typeof content === 'string' || content instanceof Uint8Array) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    if (bytes.length < thresholdBytes && !must) return response;
    if (bytes.length <= NOW_BYTES) return withBody(response, codec.now(bytes), coding);
    return codec.later(bytes).then((packed) => withBody(response, packed, coding));
  }
  if (content === undefined && response.body === null) return response;
  const announced = Number(response.headers.get('content-length') ?? Number.NaN);
  if (announced < thresholdBytes && !must) return response;
  return compressPieces(job, { codec, coding });
}

/** Reads until it knows that the body is worth it. */
async function compressPieces(job: Job, { codec, coding }: Chosen): Promise<Response> {
  const { response, context, thresholdBytes, must } = job;
  const pieces = new BodyPieces(takeBody(response) ?? '');
  const later = (call: () => void): void => context.reactor.clock.callSoon(call);
  const first: Uint8Array[] = [];
  let length = 0;
  // Nobody is there to tell it that the peer has left, before there is an answer.
  const gone = (): void => pieces.cancel();
  if (context.signal.aborted) gone();
  else context.signal.addEventListener('abort', gone, { once: true });
  try {
    do {
      const { done, bytes } = await pieces.next();
      if (done) {
        const whole = Buffer.concat(first);
        if (length < thresholdBytes && !must) return withBody(response, whole, undefined);
        const packed = length <= NOW_BYTES ? codec.now(whole) : await codec.later(whole);
        return withBody(response, packed, coding);
      }
      first.push(bytes);
      length += bytes.length;
    } while (length < thresholdBytes && (await pieces.isNear(later)));
  } finally {
    context.signal.removeEventListener('abort', gone);
  }
  return withBody(response, new CompressedPieces({ codec, first, pieces, later }), coding);
}

/** The head of what GET would get. */
function asIfCompressed({ response, thresholdBytes, must }: Job, coding: ContentCoding): Response {
  const content = HttpResponse.partsOf(response)?.content;
  const whole = typeof content === 'string' || content instanceof Uint8Array;
  const announced = response.headers.get('content-length');
  const length =
    announced === null && whole ? Buffer.byteLength(content) : Number(announced ?? Number.NaN);
  if (length < thresholdBytes && !must) return response;
  discardResponse(response);
  return withBody(response, nothing(), coding);
}

/** A body of a length that is not told. */
async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

function withBody(
  response: Response,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  coding: ContentCoding | undefined,
): Response {
  const headers = new HttpHeaders(response.headers);
  addVary(headers, 'accept-encoding');
  if (coding !== undefined) {
    headers.set('content-encoding', coding);
    headers.delete('content-length');
    // Ranges of what is made anew each time are not to be had.
    headers.delete('accept-ranges');
    const etag = headers.get('etag');
    if (etag !== null) headers.set('etag', weaken(etag));
  }
  const { status, statusText } = response;
  const trailers = HttpResponse.partsOf(response)?.trailers;
  return new HttpResponse(body, { status, statusText, headers, trailers });
}

function vary(response: Response): Response {
  return editHeaders(response, (headers) => addVary(headers, 'accept-encoding'));
}

/** A cache keeps on what has the very tag of the 304 (RFC 9111 §4.3.4), which of compressed content is a weak one. */
function unchanged(response: Response, { headers }: Request): Response {
  const etag = response.headers.get('etag');
  const known = parseEntityTags(headers.get('if-none-match') ?? '');
  if (etag === null || known === '*' || known.includes(etag)) return response;
  if (!known.includes(weaken(etag))) return response;
  return editHeaders(response, (fields) => fields.set('etag', weaken(etag)));
}

function notAcceptable(): HttpError {
  return new HttpError(406, 'Cannot answer in a coding the peer accepts', {
    headers: { vary: 'accept-encoding' },
  });
}
