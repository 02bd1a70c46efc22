import type { ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2';
import { UsageError } from '@hawser/core';
import type { OutgoingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHead } from '../contract/message-head.ts';
import { httpDate } from '../wire/http-date.ts';
import { fieldsWithLength, isBodiless, promisedBy } from './answer-fields.ts';
import { DiscardedBody } from './discarded-body.ts';
import type { Http2RequestHead } from './read-request.ts';
import { toNodeHeaders } from './response-headers.ts';
import { type Sending, SendStall } from './send-stall.ts';
import { StreamAnswerBody } from './stream-answer-body.ts';
import type { StreamHost } from './stream-host.ts';

/** A body up to this length is given to the stream as it is. */
const SMALL_BYTES = 65_536;

/** What a {@link StreamAnswer} is made of. */
export interface StreamAnswerParts {
  readonly stream: ServerHttp2Stream;
  readonly request: Http2RequestHead;
  /** Resets the stream: the answer is given up. */
  readonly gaveUp: (error: Error) => void;
}

/**
 * The answer on one stream: head, body, and how far it is.
 *
 * ```text
 * none ──► begun ──► left      none, begun ──► lost (what follows is dropped)
 * ```
 */
export class StreamAnswer {
  readonly #host: StreamHost;
  readonly #parts: StreamAnswerParts;
  #state: 'none' | 'begun' | 'left' | 'lost' = 'none';
  #body: StreamAnswerBody | undefined;
  #stall: SendStall | undefined;

  constructor(host: StreamHost, parts: StreamAnswerParts) {
    this.#host = host;
    this.#parts = parts;
  }

  get state(): 'none' | 'begun' | 'left' | 'lost' {
    return this.#state;
  }
  /** Nothing more will be sent. */
  get isOver(): boolean {
    return this.#state === 'left' || this.#state === 'lost';
  }

  /** It has left. True if nobody knew. */
  leave(): boolean {
    if (this.#state !== 'begun') return false;
    this.#state = 'left';
    return true;
  }

  /** It will not leave any more. True if nobody knew. */
  lose(): boolean {
    if (this.isOver) return false;
    this.#state = 'lost';
    return true;
  }

  /** Sends an interim response. */
  inform(status: number, fields: FieldLines): void {
    const { stream } = this.#parts;
    if (this.#state !== 'none' || stream.destroyed || stream.closed) return;
    stream.additionalHeaders({ ...toNodeHeaders(fields), ':status': status });
  }

  respond(head: ResponseHead, body?: string | Uint8Array): void {
    this.#mayAnswer();
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const length = bytes?.length ?? 0;
    const bodiless = this.#hasNoBody(head.status);
    const isHead = this.#parts.request.method === 'HEAD';
    const fields = fieldsWithLength(head, isHead ? bytes?.length : length);
    this.#begin(head.status, fields, bodiless || length === 0 ? END_STREAM : NO_OPTIONS);
    if (bodiless || !bytes || length === 0 || this.#state !== 'begun') return;
    if (length <= SMALL_BYTES) {
      this.#parts.stream.end(bytes);
      return;
    }
    const answer = this.#bodyOf(length);
    answer.write(bytes);
    answer.end();
  }

  stream(head: ResponseHead): OutgoingBody {
    this.#mayAnswer();
    if (this.#hasNoBody(head.status)) {
      this.#begin(head.status, head.fields, END_STREAM);
      return new DiscardedBody(this.#host);
    }
    const { wantsTrailers } = this.#parts.request;
    this.#begin(head.status, head.fields, wantsTrailers ? WAIT_FOR_TRAILERS : NO_OPTIONS);
    return this.#bodyOf(promisedBy(head.fields));
  }

  /** When to look again whether the peer takes it; 0 if it has taken too little for too long. */
  look(now: number): number {
    const { sendTimeoutMs: timeoutMs, minSendRate: minRate } = this.#host.limits;
    this.#stall ??= new SendStall({ timeoutMs, minRate });
    return this.#stall.look(this.#sending, now);
  }

  /** How far it is, if it or its end waits for the peer. */
  get #sending(): Sending | undefined {
    const { stream } = this.#parts;
    const waiting = this.#body ? this.#body.queuedBytes : stream.writableLength;
    if (this.#state !== 'begun' || (waiting === 0 && !stream.writableEnded)) return undefined;
    const host = this.#host;
    const sent = host.sentOn(stream.id ?? 0);
    return { sent, waiting, sentByAll: host.sentByAll, shared: host.isHeldUp };
  }

  #mayAnswer(): void {
    if (this.#state === 'none' || this.#state === 'lost') return;
    throw new UsageError('HAWSER_BUSY', 'Cannot answer a request twice');
  }

  #hasNoBody(status: number): boolean {
    return this.#parts.request.method === 'HEAD' || isBodiless(status);
  }

  #begin(status: number, fields: FieldLines, options: ServerStreamResponseOptions): void {
    const { stream, request } = this.#parts;
    const headers = toNodeHeaders(fields);
    checkFinal(status, request.method);
    if (status === 204) delete headers['content-length'];
    if (stream.destroyed || stream.closed) return;
    headers['date'] ??= httpDate(this.#host.transport.reactor.clock);
    headers[':status'] = status;
    stream.respond(headers, options);
    this.#state = 'begun';
    this.#waits();
  }

  #bodyOf(promised: number | undefined): StreamAnswerBody {
    const { stream, request, gaveUp } = this.#parts;
    this.#body = new StreamAnswerBody(this.#host, {
      stream,
      promised,
      wantsTrailers: request.wantsTrailers,
      gaveUp,
      waits: () => this.#waits(),
    });
    return this.#body;
  }

  /** Something waits for the peer to take it. */
  #waits(): void {
    const { transport, limits } = this.#host;
    this.#host.arm(transport.reactor.clock.now() + limits.sendTimeoutMs / 2);
  }
}

// Node copies what it is given.
const END_STREAM: ServerStreamResponseOptions = { endStream: true };
const WAIT_FOR_TRAILERS: ServerStreamResponseOptions = { waitForTrailers: true };
const NO_OPTIONS: ServerStreamResponseOptions = {};

/** After one below 200 another answer follows, after 2xx to CONNECT the tunnel (RFC 9110 §9.3.6). */
function checkFinal(status: number, method: string): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`Cannot answer as the status must be 200 to 599: ${status}`);
  }
  if (status > 299 || method !== 'CONNECT') return;
  throw new UsageError(
    'HAWSER_NOT_AVAILABLE',
    `Cannot answer CONNECT with 2xx over HTTP/2 as that opens a tunnel: ${status}`,
  );
}
