import type { IncomingMessage } from 'node:http';
import { ConnectionError, type HawserError, ProtocolError } from '@hawser/core';
import type { HttpErrorCode } from './errors.ts';

/** What is left of a body this short is read and thrown away, so that the connection can be used again. */
const MAX_DISCARD_BYTES = 65_536;

/** What a {@link RequestBody} is made of. */
export interface RequestBodyOptions {
  readonly maxBytes: number;
  /** Tells the peer to go on (100); called at the first read of a body that waits for it. */
  readonly goOn?: (() => void) | undefined;
}

/** The body of one request, read no faster than the handler takes it, up to a limit. */
export class RequestBody {
  readonly #request: IncomingMessage;
  readonly #maxBytes: number;
  readonly #stream: ReadableStream<Uint8Array>;
  #goOn: (() => void) | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #received = 0;
  #started = false;
  #done = false;
  #failure: HawserError<HttpErrorCode> | undefined;
  #wake: (() => void) | undefined;

  constructor(request: IncomingMessage, options: RequestBodyOptions) {
    this.#request = request;
    this.#maxBytes = options.maxBytes;
    this.#goOn = options.goOn;
    this.#stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: () => this.discard(),
      },
      { highWaterMark: 0 },
    );
  }

  get stream(): ReadableStream<Uint8Array> {
    return this.#stream;
  }

  /** Why the body cannot be had, if it cannot. */
  get failure(): HawserError<HttpErrorCode> | undefined {
    return this.#failure;
  }

  /** Whether the next request can follow on the connection after an answer that leaves this body as it is now. */
  get reusable(): boolean {
    if (this.#failure) return false;
    if (this.#request.complete) return true;
    return !this.#goOn && lengthOf(this.#request) <= MAX_DISCARD_BYTES;
  }

  /** The rest will not come. Whoever reads hears of `error`. */
  fail(error: HawserError<HttpErrorCode>): void {
    if (this.#done || this.#failure) return;
    this.#failure = error;
    this.#finish();
    this.#controller?.error(error);
  }

  /** Nobody gets the rest: it was cancelled, or the request is answered. Whoever still reads hears of that. */
  discard(): void {
    if (this.#wake) this.#controller?.error(unread());
    this.#finish();
    this.#request.resume();
  }

  #pull(): Promise<void> | undefined {
    if (this.#done) {
      this.#controller?.error(unread());
      return undefined;
    }
    this.#start();
    // Nothing of it may have been read while 'end' was emitted already.
    if (this.#request.readableEnded) {
      this.#ended();
      return undefined;
    }
    return new Promise((done) => {
      this.#wake = done;
      this.#request.resume();
    });
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#request.on('data', this.#dataReceived);
    this.#request.on('end', this.#ended);
    this.#goOn?.();
    this.#goOn = undefined;
  }

  readonly #dataReceived = (chunk: Buffer): void => {
    this.#received += chunk.length;
    if (this.#received > this.#maxBytes) {
      this.fail(tooLarge(this.#maxBytes));
      return;
    }
    this.#request.pause();
    this.#controller?.enqueue(chunk);
    this.#awake();
  };

  readonly #ended = (): void => {
    if (this.#done) return;
    this.#finish();
    this.#controller?.close();
  };

  #finish(): void {
    this.#done = true;
    this.#request.off('data', this.#dataReceived);
    this.#request.off('end', this.#ended);
    this.#awake();
  }

  #awake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

function unread(): ConnectionError {
  return new ConnectionError(
    'HAWSER_CLOSED',
    'Cannot read the request body as the request was answered already',
  );
}

/** The announced length of a body: 0 without one, infinity for a chunked one. */
export function lengthOf(request: IncomingMessage): number {
  if (request.headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(request.headers['content-length'] ?? 0);
}

/** The error of a body over its limit. */
function tooLarge(maxBytes: number): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_BODY_TOO_LARGE',
    `Cannot read the request body as it is longer than ${maxBytes} bytes`,
  );
}
