import { ConnectionError, ProtocolError, UsageError } from '@hawser/core';
import type { BodyConsumer, IncomingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { HttpErrorCode } from '../errors.ts';

/** What is left of a body this short is read and thrown away, so that the connection can be used again. */
const MAX_DISCARD_BYTES = 65_536;
const NO_FIELDS: FieldLines = [];

/** The connection that a {@link RequestBody} comes from. */
export interface BodySource {
  /** Somebody takes the body from now on, or again. */
  bodyWanted(): void;
  /** Nobody takes it for now. */
  bodyUnwanted(): void;
  /** What is left is not worth the connection. */
  bodyTooLong(): void;
  /** A consumer threw. */
  bodyFailed(thrown: unknown): void;
}

/** How a {@link RequestBody} begins. */
export interface RequestBodyOptions {
  readonly length: number | undefined;
  /** The peer sends nothing of it before it was asked to go on. */
  readonly awaited: boolean;
}

/** The body of one request, read no faster than it is taken. */
export class RequestBody implements IncomingBody {
  readonly length: number | undefined;
  readonly #source: BodySource;
  #awaited: boolean;
  #received: boolean;
  #trailers: FieldLines = NO_FIELDS;
  #consumer: BodyConsumer | undefined;
  #consumed = false;
  #discarded = false;
  #paused = false;
  /** `discarding`: thrown away as it comes. `over`: the consumer has heard the last of it. */
  #state: 'open' | 'discarding' | 'over' = 'open';
  #bytes = 0;
  #discardedBytes = 0;
  #failure: Error | undefined;
  /** What came when nobody took it: the peer left, and the connection does not keep it any longer. */
  #kept: Buffer[] = [];

  constructor(source: BodySource, { length, awaited }: RequestBodyOptions) {
    this.length = length;
    this.#source = source;
    this.#awaited = awaited;
    this.#received = length === 0;
  }

  get received(): boolean {
    return this.#received;
  }
  get trailers(): FieldLines {
    return this.#trailers;
  }
  get used(): boolean {
    return this.#consumed || this.#discarded;
  }

  /** Whether what comes has somewhere to go. */
  get flowing(): boolean {
    return this.#state === 'discarding' || (this.#consumer !== undefined && !this.#paused);
  }

  /** Whether the peer still waits to be asked for it; asking is up to the caller. */
  takeAwaited(): boolean {
    const awaited = this.#awaited;
    this.#awaited = false;
    return awaited;
  }

  /** Whether the next request can follow on the connection after an answer that leaves this body as it is now. */
  get reusable(): boolean {
    if (this.#received) return true;
    if (this.#awaited || this.#failure) return false;
    // Whoever takes it may yet take all of it. Of one in chunks nobody knows how long it is.
    return this.#state === 'open' || (this.length !== undefined && this.restIsShort);
  }

  /** Whether what is left of it may be read for nobody, what was so far included: nothing else may change that. */
  get restIsShort(): boolean {
    if (this.length === undefined) return true;
    return this.length - this.#bytes + this.#discardedBytes <= MAX_DISCARD_BYTES;
  }

  consume(consumer: BodyConsumer): void {
    if (this.#consumed) {
      throw new UsageError('HAWSER_BUSY', 'Cannot read the request body as it was read already');
    }
    this.#consumed = true;
    const failure = this.#failure ?? (this.#discarded ? unread() : undefined);
    if (failure) {
      this.#tell(() => consumer.failed(failure));
      return;
    }
    this.#consumer = consumer;
    if (this.#received) this.#deliverKept();
    else this.#source.bodyWanted();
  }

  pause(): void {
    if (this.#paused || this.#state !== 'open') return;
    this.#paused = true;
    if (this.#consumer && !this.#received) this.#source.bodyUnwanted();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#consumer) return;
    if (this.#received || this.#failure) this.#deliverKept();
    else this.#source.bodyWanted();
  }

  discard(): void {
    this.#discarded = true;
    this.#consumer = undefined;
    this.#kept = [];
    if (this.#state !== 'open') return;
    this.#state = this.#received || this.#failure ? 'over' : 'discarding';
    if (this.#state === 'discarding' && !this.#awaited) this.#source.bodyWanted();
  }

  // --- from the connection ---

  dataReceived(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#state === 'discarding') {
      this.#discardedBytes += chunk.length;
      if (this.#discardedBytes > MAX_DISCARD_BYTES) this.#source.bodyTooLong();
    } else if (this.#consumer && !this.#paused) {
      // Spelled out, as this is where large bodies pass.
      try {
        this.#consumer.data(chunk);
      } catch (thrown) {
        this.#source.bodyFailed(thrown);
      }
    } else {
      this.#kept.push(chunk);
    }
  }

  ended(trailers: FieldLines): void {
    this.#received = true;
    this.#trailers = trailers;
    if (this.#state === 'discarding') this.#state = 'over';
    else this.#deliverKept();
  }

  /** The rest will not come. */
  fail(error: Error): void {
    if (this.#received || this.#failure) return;
    this.#failure = error;
    this.#giveUp(error);
  }

  /** The request is answered: nobody gets what is left. */
  answered(): void {
    if (this.#state === 'over') return;
    const error = unread();
    if (this.#consumer) this.#giveUp(error);
    this.#failure ??= error;
    this.#kept = [];
    this.#consumer = undefined;
    this.#state = this.#received ? 'over' : 'discarding';
  }

  #giveUp(error: Error): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#kept = [];
    if (this.#state === 'open') this.#state = 'over';
    if (consumer) this.#tell(() => consumer.failed(error));
  }

  #deliverKept(): void {
    while (this.#consumer && !this.#paused && this.#state === 'open') {
      const chunk = this.#kept.shift();
      const consumer = this.#consumer;
      if (chunk) {
        this.#tell(() => consumer.data(chunk));
      } else if (this.#received) {
        this.#state = 'over';
        this.#consumer = undefined;
        this.#tell(() => consumer.end());
      } else {
        return;
      }
    }
  }

  /** What the consumer throws must not reach the parser, which is not its own. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      this.#source.bodyFailed(thrown);
    }
  }
}

function unread(): ConnectionError {
  return new ConnectionError(
    'HAWSER_CLOSED',
    'Cannot read the request body as the request was answered already',
  );
}

/** The peer broke HTTP in the middle of a body. */
export function malformedBody(): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_MALFORMED',
    'Cannot read the request body as its framing is broken',
  );
}

/** The peer left in the middle of a body. */
export function cutOffBody(): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_MALFORMED',
    'Cannot read the request body as the peer has left',
  );
}

/** The peer was too slow with a body. */
export function lateBody(what: string): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_REQUEST_TIMEOUT',
    `Cannot read the request body as it took longer than ${what}`,
  );
}
