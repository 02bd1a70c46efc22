import { ProtocolError } from '@hawser/core';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import type { HttpErrorCode } from '../errors.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { HttpResponse, type HttpResponseInit } from '../web/http-response.ts';
import { ResponseReader, type ResponseReaderSink } from '../wire/response-reader.ts';
import { AnswerPieces } from './answer-pieces.ts';
import type { Taken } from './app-socket.ts';

/** An app of one's own may say more in a head than a stranger. */
const MAX_HEAD_BYTES = 262_144;
const MAX_FIELDS = 2_000;
/** Octets of an answer that the app has sent as soon as it has written them, whatever the peer takes. */
const SMALL_BYTES = 65_536;

/** Who hears of what an {@link AnswerCapture} finds. */
export interface AnswerListener {
  /** The head is there, and the body is, or will come. */
  answered(response: HttpResponse): void;
  /** There will be no answer, or not all of it. Only before {@link answered}; after it the body fails. */
  failed(error: Error): void;
  /** An interim response. */
  informed(status: number, fields: FieldLines): void;
  /** Nobody wants the rest of the body. */
  unwanted(): void;
}

/** Makes a response of what node writes down for an app: a small one whole, any other with a body that is streamed. */
export class AnswerCapture implements ResponseReaderSink {
  readonly #listener: AnswerListener;
  readonly #reader: ResponseReader;
  #head: ResponseHeadRead | undefined;
  readonly #chunks: Buffer[] = [];
  #pieces: AnswerPieces | undefined;
  #trailers: FieldLines = [];
  #state: 'open' | 'complete' | 'failed' = 'open';

  constructor(method: string, listener: AnswerListener) {
    this.#listener = listener;
    this.#reader = new ResponseReader(this, {
      maxHeadBytes: MAX_HEAD_BYTES,
      maxFields: MAX_FIELDS,
    });
    this.#reader.expect(method);
  }

  /** The answer is there, to its last byte. */
  get complete(): boolean {
    return this.#state === 'complete';
  }

  /** Takes what was written. */
  take(bytes: Buffer, taken: Taken): void {
    if (this.#state === 'open') {
      const malformed = this.#reader.feed(bytes);
      if (malformed) this.#broke(broken(malformed.code));
      else this.#show();
    }
    if (this.#pieces) this.#pieces.whenTaken(taken);
    else taken();
  }

  /** Nothing more is written. */
  finish(): void {
    if (this.#state !== 'open') return;
    const malformed = this.#reader.finish();
    if (malformed) this.fail(broken(malformed.code));
    else if (this.#head) this.#show();
    else this.fail(broken('no answer'));
  }

  fail(error: Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    if (this.#pieces) this.#pieces.fail(error);
    else this.#listener.failed(error);
  }

  /** What was written is no answer, though there may have been one before it that nobody has seen. */
  #broke(error: Error): void {
    if (this.#state === 'complete' && this.#head) this.#state = 'open';
    this.fail(error);
  }

  // --- what the reader says ---

  interim({ status, fields }: ResponseHeadRead): void {
    this.#listener.informed(status, fields);
  }

  head(head: ResponseHeadRead): void {
    this.#head = head;
  }

  data(chunk: Buffer): void {
    if (this.#pieces) this.#pieces.push(chunk);
    else this.#chunks.push(chunk);
  }

  end(trailers: FieldLines): void {
    this.#trailers = trailers;
    this.#state = 'complete';
    this.#pieces?.complete();
  }

  #show(): void {
    const head = this.#head;
    if (!head || this.#pieces) return;
    this.#head = undefined;
    try {
      this.#listener.answered(this.#toResponse(head));
    } catch (thrown) {
      // Such as a status that nobody knows.
      this.#state = 'failed';
      this.#listener.failed(thrown as Error);
    }
  }

  #toResponse({ status, statusText, fields, bodyLength }: ResponseHeadRead): HttpResponse {
    const init: HttpResponseInit = { status, statusText, headers: HttpHeaders.over(fields) };
    const whole = this.#state === 'complete';
    const bytes = this.#chunks.reduce((sum, { length }) => sum + length, 0);
    if (whole && bytes <= SMALL_BYTES && this.#trailers.length === 0) {
      return new HttpResponse(joined(this.#chunks), init);
    }
    this.#pieces = new AnswerPieces(this.#chunks, () => this.#listener.unwanted());
    if (whole) this.#pieces.complete();
    if (bodyLength !== undefined) return new HttpResponse(this.#pieces, init);
    const trailers = (): HttpHeaders => HttpHeaders.over(this.#trailers);
    return new HttpResponse(this.#pieces, { ...init, trailers });
  }
}

function joined(chunks: readonly Buffer[]): Buffer | null {
  const [first] = chunks;
  return first === undefined || chunks.length === 1 ? (first ?? null) : Buffer.concat(chunks);
}

function broken(why: string): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_INCOMPLETE',
    `Cannot answer as the mounted app did not write a whole answer: ${why}`,
  );
}
