import { constants, type ServerHttp2Stream } from 'node:http2';
import { ConnectionError, TimeoutError, type Transport, UsageError } from '@hawser/core';
import type { OutgoingBody } from '../contract/body.ts';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHead } from '../contract/message-head.ts';
import { BodyPace } from '../server/body-pace.ts';
import { ExchangeScope } from '../server/exchange-scope.ts';
import { cutOffBody, lateBody, type RequestBody } from '../server/request-body.ts';
import { httpDate } from '../wire/http-date.ts';
import type { Http2Limits } from './http2-limits.ts';
import type { Http2RequestHead } from './read-request.ts';
import { toNodeHeaders } from './response-headers.ts';
import { StreamAnswerBody } from './stream-answer-body.ts';
import { StreamBodySource } from './stream-body-source.ts';

/** Statuses whose answers have no body (RFC 9110 §6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** How long a stream may take to close once it was answered; then it is helped along. */
const RELEASE_MS = 1_000;

/** A body up to this length is given to the stream as it is. */
const SMALL_BYTES = 32_768;

/** What a {@link Http2Exchange} is made of. */
export interface Http2ExchangeParts {
  readonly stream: ServerHttp2Stream;
  readonly head: Http2RequestHead;
  readonly transport: Transport;
  readonly limits: Http2Limits;
  readonly secure: boolean;
  /** The head was the whole request. */
  readonly complete: boolean;
  /** Calls what belongs to the connection; hears what it throws. */
  readonly guarded: (run: () => void) => void;
  readonly problem: (thrown: unknown) => void;
  /** Makes sure of a {@link Http2Exchange.look} at `at`. */
  readonly arm: (at: number) => void;
  /** Whether the connection is told to finish. */
  readonly draining: boolean;
  /** Whether the end of the stream has come from the peer. */
  readonly takeEnded: () => boolean;
  /** Whether streams close by themselves, and not with all of the session. */
  readonly sessionLives: () => boolean;
  /** The stream is closed: nothing more will happen here. */
  readonly closed: (exchange: Http2Exchange) => void;
}

/** One stream as an exchange. */
export class Http2Exchange implements HttpExchange {
  readonly version = '2.0';
  readonly upgrade = undefined;
  readonly #parts: Http2ExchangeParts;
  readonly #scope: ExchangeScope;
  readonly #source: StreamBodySource;
  readonly #pace: BodyPace;
  readonly #startedAt: number;
  #answer: 'none' | 'begun' | 'left' | 'lost' = 'none';
  #answerBody: StreamAnswerBody | undefined;
  #gone = false;
  /** Octets of the answer that waited at the last look, and since when they are as many. */
  #stuck: { bytes: number; since: number } | undefined;
  /** This side decided to end the stream before its answer was complete. */
  gaveUp = false;

  constructor(parts: Http2ExchangeParts) {
    const { stream, head, limits, transport } = parts;
    this.#parts = parts;
    this.#startedAt = transport.reactor.clock.now();
    this.#scope = new ExchangeScope({ clock: transport.reactor.clock, failed: parts.problem });
    if (parts.draining) this.#scope.drain();
    this.#pace = new BodyPace(limits.minBodyRate);
    this.#source = new StreamBodySource({
      stream,
      length: head.contentLength,
      complete: parts.complete,
      expectsContinue: head.expectsContinue,
      guarded: parts.guarded,
      problem: parts.problem,
      goOn: () => this.#inform(100, []),
      awaited: (waiting) => this.#awaited(waiting),
      arrived: (bytes) => this.#pace.received(bytes),
    });
    parts.arm(this.#startedAt + limits.maxExchangeMs);
    if (!parts.complete) parts.arm(this.#startedAt + limits.requestTimeoutMs);
    stream.on('aborted', () => this.#lost());
    stream.on('finish', () => this.#finished());
    stream.on('close', () => this.#closed());
  }

  get transport(): Transport {
    return this.#parts.transport;
  }
  get scheme(): 'http' | 'https' {
    return this.#parts.secure ? 'https' : 'http';
  }
  get method(): string {
    return this.#parts.head.method;
  }
  get target(): string {
    return this.#parts.head.target;
  }
  get authority(): string {
    return this.#parts.head.authority;
  }
  get fields(): FieldLines {
    return this.#parts.head.fields;
  }
  get body(): RequestBody {
    return this.#source.body;
  }
  /** Names are in lower case on the wire as well. */
  get rawFields(): FieldLines {
    return this.#parts.head.fields;
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }
  get gone(): boolean {
    return this.#gone;
  }
  get done(): Promise<void> {
    return this.#scope.done;
  }
  onGone(listener: (reason: Error) => void): Disposable {
    return this.#scope.onGone(listener);
  }
  onDrain(listener: () => void): Disposable {
    return this.#scope.onDrain(listener);
  }

  /** The server wants the connection to end. */
  drain(): void {
    this.#scope.drain();
  }

  inform(status: number, fields: FieldLines): void {
    if (!Number.isInteger(status) || status < 102 || status > 199) {
      throw new RangeError(`Cannot inform as the status must be 102 to 199: ${status}`);
    }
    this.#inform(status, fields);
  }

  respond(head: ResponseHead, body?: string | Uint8Array): void {
    this.#mayAnswer();
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const length = bytes?.length ?? 0;
    const bodiless = this.#hasNoBody(head.status);
    const fields = fieldsWithLength(head, this.method === 'HEAD' ? bytes?.length : length);
    this.#begin({ ...head, fields }, { endStream: bodiless || length === 0 });
    if (bodiless || !bytes || length === 0 || this.gone) return;
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
      this.#begin(head, { endStream: true });
      return new DiscardedBody(this.#parts.guarded);
    }
    this.#begin(head, { waitForTrailers: this.#parts.head.wantsTrailers });
    return this.#bodyOf(promisedBy(head.fields));
  }

  takeOver(): never {
    throw new UsageError(
      'HAWSER_NOT_AVAILABLE',
      'Cannot take a connection over as it carries other requests too: HTTP/2',
    );
  }

  /** The responder threw: the peer is told in whatever way is left. */
  fail(error: Error): void {
    if (this.#answer === 'none') this.refuse(500, 'Internal Server Error\n');
    else if (this.#answer === 'begun' && !this.#parts.stream.writableEnded) this.#giveUp(error);
  }

  /** Answers for a handler that did not, with a few words. Does nothing once there is an answer. */
  refuse(status: number, text: string): void {
    if (this.#answer !== 'none' || this.gone) return;
    this.respond({ status, fields: ['content-type', 'text/plain; charset=utf-8'] }, text);
    this.body.discard();
  }

  /** Does what is due, and gives when to look again. */
  look(now: number): number {
    const { limits } = this.#parts;
    if (this.#answer === 'left' || this.#answer === 'lost') return this.#release(now);
    let next = this.#startedAt + limits.maxExchangeMs;
    if (now >= next) {
      this.#overdue();
      return Number.POSITIVE_INFINITY;
    }
    if (this.#source.open) next = Math.min(next, this.#lookAtBody(now));
    const waiting = this.#waitingBytes;
    if (waiting === 0 || this.#stuck?.bytes !== waiting) {
      this.#stuck = waiting === 0 ? undefined : { bytes: waiting, since: now };
    } else if (now - this.#stuck.since >= limits.sendTimeoutMs) {
      this.#giveUp(new TimeoutError('Cannot send on as the peer takes nothing'));
      return Number.POSITIVE_INFINITY;
    }
    return waiting > 0 ? Math.min(next, now + limits.sendTimeoutMs / 2) : next;
  }

  /** Lets go of a stream that should have closed by itself. */
  #release(now: number): number {
    const { stream } = this.#parts;
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    else stream.destroy();
    return stream.destroyed ? Number.POSITIVE_INFINITY : now + RELEASE_MS;
  }

  #lookAtBody(now: number): number {
    const { requestTimeoutMs, minBodyRate } = this.#parts.limits;
    const latest = this.#startedAt + requestTimeoutMs;
    if (now >= latest) this.#source.lost(lateBody(`${requestTimeoutMs} ms`));
    else if (now >= this.#pace.deadline) this.#source.lost(lateBody(`${minBodyRate} bytes/s`));
    else return Math.min(latest, this.#pace.deadline);
    return Number.POSITIVE_INFINITY;
  }

  /** Octets that wait for the peer, and one for the end of the stream. */
  get #waitingBytes(): number {
    if (this.#answer !== 'begun') return 0;
    const { stream } = this.#parts;
    return (this.#answerBody?.queuedBytes ?? 0) + (stream.writableEnded ? 1 : 0);
  }

  #mayAnswer(): void {
    if (this.#answer === 'none' || this.#answer === 'lost') return;
    throw new UsageError('HAWSER_BUSY', 'Cannot answer a request twice');
  }

  #inform(status: number, fields: FieldLines): void {
    const { stream } = this.#parts;
    if (this.#answer !== 'none' || stream.destroyed || stream.closed) return;
    stream.additionalHeaders({ ...toNodeHeaders(fields), ':status': status });
  }

  #hasNoBody(status: number): boolean {
    return this.method === 'HEAD' || BODILESS.has(status);
  }

  #begin(
    head: ResponseHead,
    options: { readonly endStream?: boolean; readonly waitForTrailers?: boolean },
  ): void {
    const { stream, transport } = this.#parts;
    const headers = toNodeHeaders(head.fields);
    if (!Number.isInteger(head.status) || head.status < 200 || head.status > 599) {
      throw new RangeError(`Cannot answer as the status must be 200 to 599: ${head.status}`);
    }
    if (head.status === 204) delete headers['content-length'];
    if (stream.destroyed || stream.closed) return;
    headers['date'] ??= httpDate(transport.reactor.clock);
    headers[':status'] = head.status;
    stream.respond(headers, options);
    this.#answer = 'begun';
    this.#waits();
  }

  #bodyOf(promised: number | undefined): StreamAnswerBody {
    const { stream, head, guarded, problem } = this.#parts;
    this.#answerBody = new StreamAnswerBody({
      stream,
      promised,
      wantsTrailers: head.wantsTrailers,
      guarded,
      problem,
      gaveUp: (error) => this.#giveUp(error),
      waits: () => this.#waits(),
    });
    return this.#answerBody;
  }

  #awaited(waiting: boolean): void {
    const now = this.transport.reactor.clock.now();
    if (!waiting) {
      this.#pace.stop(now);
    } else {
      this.#pace.start(now);
      this.#parts.arm(this.#pace.deadline);
    }
  }

  /** Something waits for the peer to take it. */
  #waits(): void {
    const { transport, limits, arm } = this.#parts;
    arm(transport.reactor.clock.now() + limits.sendTimeoutMs / 2);
  }

  #overdue(): void {
    const error = new TimeoutError('Cannot go on as the exchange took too long');
    if (this.#answer === 'none') {
      this.#scope.abort(error);
      this.refuse(503, 'Service Unavailable\n');
      return;
    }
    this.#giveUp(error);
  }

  /** This side ends the answer before it is complete. */
  #giveUp(error: Error): void {
    this.gaveUp = true;
    this.#lost(error);
    // Closing it would send the end of the stream first, and half an answer would pass for a whole.
    this.#parts.stream.destroy(error);
  }

  #finished(): void {
    if (this.#answer !== 'begun') return;
    this.#answer = 'left';
    this.#scope.finish();
    const { stream } = this.#parts;
    // RFC 9113 §8.1: a peer that still sends may stop.
    const complete = this.#source.arrived;
    if (!complete || this.body.used) this.body.answered();
    if (stream.destroyed) return;
    this.#parts.arm(this.transport.reactor.clock.now() + RELEASE_MS);
    if (complete) {
      // Its end has to be read, or node would reset it.
      stream.resume();
      return;
    }
    // Trailers leave in a later turn, and a reset would come before them.
    if (!this.#parts.head.wantsTrailers) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #lost(because?: Error): void {
    if (this.#answer === 'left' || this.#answer === 'lost') return;
    const reason = because ?? peerLeft();
    this.#answer = 'lost';
    this.#parts.arm(this.transport.reactor.clock.now() + RELEASE_MS);
    this.#gone = true;
    const { takeEnded, stream } = this.#parts;
    const inOrder =
      stream.rstCode === constants.NGHTTP2_NO_ERROR || stream.rstCode === constants.NGHTTP2_CANCEL;
    if (takeEnded() && inOrder) this.#source.keepRest();
    else this.#source.lost(cutOffBody());
    this.#scope.cancel(reason);
  }

  #closed(): void {
    const { stream, sessionLives } = this.#parts;
    // A stream may close in order, both ways, before it has heard that its last write was done.
    if (stream.writableEnded && stream.rstCode === 0 && !stream.aborted && sessionLives()) {
      this.#finished();
    }
    this.#lost();
    this.#parts.closed(this);
  }
}

/** A body that nobody will see. */
class DiscardedBody implements OutgoingBody {
  readonly #guarded: (run: () => void) => void;

  constructor(guarded: (run: () => void) => void) {
    this.#guarded = guarded;
  }
  write(): boolean {
    return true;
  }
  onceDrained(listener: () => void): void {
    process.nextTick(this.#guarded, listener);
  }
  end(): void {}
  abort(): void {}
}

/** With a length that is known; where none is, with what the head says. */
function fieldsWithLength(head: ResponseHead, length: number | undefined): FieldLines {
  if (BODILESS.has(head.status) || length === undefined) return head.fields;
  const promised = promisedBy(head.fields);
  if (promised === undefined) return [...head.fields, 'content-length', String(length)];
  if (promised === length) return head.fields;
  throw new UsageError(
    'HAWSER_NOT_AVAILABLE',
    `Cannot answer with ${length} bytes as content-length says otherwise: ${promised}`,
  );
}

function promisedBy(fields: FieldLines): number | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    if ((fields[at] ?? '').toLowerCase() === 'content-length') return Number(fields[at + 1]);
  }
  return undefined;
}

function peerLeft(): ConnectionError {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot finish the answer as the peer is gone');
}
