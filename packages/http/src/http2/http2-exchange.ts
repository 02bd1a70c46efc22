import { constants, type ServerHttp2Stream } from 'node:http2';
import { ConnectionError, TimeoutError, type Transport, UsageError } from '@hawser/core';
import type { OutgoingBody } from '../contract/body.ts';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHead } from '../contract/message-head.ts';
import { ExchangeScope } from '../server/exchange-scope.ts';
import { type BodySource, cutOffBody, RequestBody } from '../server/request-body.ts';
import { httpDate } from '../wire/http-date.ts';
import { fieldsWithLength, isBodiless, promisedBy } from './answer-fields.ts';
import { DiscardedBody } from './discarded-body.ts';
import type { Http2RequestHead } from './read-request.ts';
import { toNodeHeaders } from './response-headers.ts';
import { SendStall } from './send-stall.ts';
import { StreamAnswerBody } from './stream-answer-body.ts';
import { StreamBodySource } from './stream-body-source.ts';
import type { StreamHost } from './stream-host.ts';

/** How long a stream may take to close once it was answered; then it is helped along. */
const RELEASE_MS = 1_000;

/** A body up to this length is given to the stream as it is. */
const SMALL_BYTES = 65_536;

/** What a {@link Http2Exchange} is made of. */
export interface Http2ExchangeParts {
  readonly stream: ServerHttp2Stream;
  readonly head: Http2RequestHead;
  /** The head was the whole request. */
  readonly complete: boolean;
}

/** One stream as an exchange. What most exchanges never need is made when it is asked for. */
export class Http2Exchange implements HttpExchange {
  readonly version = '2.0';
  readonly upgrade = undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #host: StreamHost;
  readonly #head: Http2RequestHead;
  readonly #startedAt: number;
  /** Where the body comes from, if there is one. */
  readonly #source: StreamBodySource | undefined;
  #emptyBody: RequestBody | undefined;
  #made: ExchangeScope | undefined;
  #answer: 'none' | 'begun' | 'left' | 'lost' = 'none';
  #answerBody: StreamAnswerBody | undefined;
  #goneBecause: Error | undefined;
  #stall: SendStall | undefined;

  constructor(host: StreamHost, { stream, head, complete }: Http2ExchangeParts) {
    this.#host = host;
    this.#head = head;
    this.#stream = stream;
    this.#startedAt = host.transport.reactor.clock.now();
    const { maxExchangeMs, requestTimeoutMs } = host.limits;
    host.arm(this.#startedAt + maxExchangeMs);
    if (!complete) {
      host.arm(this.#startedAt + requestTimeoutMs);
      this.#source = new StreamBodySource(host, {
        stream,
        length: head.contentLength,
        expectsContinue: head.expectsContinue,
        startedAt: this.#startedAt,
        goOn: () => this.#inform(100, []),
      });
    }
    stream.on('aborted', () => this.#lost());
    stream.on('finish', () => this.#finished());
    stream.on('close', () => this.#closed());
  }

  get transport(): Transport {
    return this.#host.transport;
  }
  get scheme(): 'http' | 'https' {
    return this.#host.secure ? 'https' : 'http';
  }
  get method(): string {
    return this.#head.method;
  }
  get target(): string {
    return this.#head.target;
  }
  get authority(): string {
    return this.#head.authority;
  }
  get fields(): FieldLines {
    return this.#head.fields;
  }
  get body(): RequestBody {
    if (this.#source) return this.#source.body;
    this.#emptyBody ??= new RequestBody(NO_SOURCE, { length: 0, awaited: false });
    return this.#emptyBody;
  }
  /** Names are in lower case on the wire as well. */
  get rawFields(): FieldLines {
    return this.#head.fields;
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }
  get gone(): boolean {
    return this.#goneBecause !== undefined;
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
    this.#made?.drain();
  }

  /** Whoever wants to know what becomes of the exchange, and hears of what has become of it already. */
  get #scope(): ExchangeScope {
    if (this.#made) return this.#made;
    const host = this.#host;
    const scope = new ExchangeScope({
      clock: host.transport.reactor.clock,
      failed: (thrown) => host.problem(thrown),
    });
    if (host.draining) scope.drain();
    if (this.#goneBecause) scope.cancel(this.#goneBecause);
    else if (this.#answer === 'left') scope.finish();
    this.#made = scope;
    return scope;
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
      this.#stream.end(bytes);
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
      return new DiscardedBody(this.#host);
    }
    this.#begin(head, { waitForTrailers: this.#head.wantsTrailers });
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
    else if (this.#answer === 'begun' && !this.#stream.writableEnded) this.#giveUp(error);
  }

  /** Answers for a handler that did not, with a few words. Does nothing once there is an answer. */
  refuse(status: number, text: string): void {
    if (this.#answer !== 'none' || this.gone) return;
    this.respond({ status, fields: ['content-type', 'text/plain; charset=utf-8'] }, text);
    this.body.discard();
  }

  /** Does what is due, and gives when to look again. */
  look(now: number): number {
    if (this.#answer === 'left' || this.#answer === 'lost') return this.#release(now);
    const { maxExchangeMs, sendTimeoutMs } = this.#host.limits;
    const latest = this.#startedAt + maxExchangeMs;
    if (now >= latest) {
      this.#overdue();
      return Number.POSITIVE_INFINITY;
    }
    const next = Math.min(latest, this.#source?.look(now) ?? Number.POSITIVE_INFINITY);
    this.#stall ??= new SendStall(sendTimeoutMs);
    const { id = 0 } = this.#stream;
    const waits = this.#waitsForPeer;
    const send = this.#stall.look(waits, waits ? this.#host.sentOn(id) : 0, now);
    if (send > 0) return Math.min(next, send);
    this.#giveUp(new TimeoutError('Cannot send on as the peer takes nothing'));
    return Number.POSITIVE_INFINITY;
  }

  /** Lets go of a stream that should have closed by itself. */
  #release(now: number): number {
    const stream = this.#stream;
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    else stream.destroy();
    return stream.destroyed ? Number.POSITIVE_INFINITY : now + RELEASE_MS;
  }

  /** Whether the peer has yet to take something of the answer, or its end. */
  get #waitsForPeer(): boolean {
    if (this.#answer !== 'begun') return false;
    return this.#stream.writableEnded || (this.#answerBody?.queuedBytes ?? 0) > 0;
  }

  #mayAnswer(): void {
    if (this.#answer === 'none' || this.#answer === 'lost') return;
    throw new UsageError('HAWSER_BUSY', 'Cannot answer a request twice');
  }

  #inform(status: number, fields: FieldLines): void {
    const stream = this.#stream;
    if (this.#answer !== 'none' || stream.destroyed || stream.closed) return;
    stream.additionalHeaders({ ...toNodeHeaders(fields), ':status': status });
  }

  #hasNoBody(status: number): boolean {
    return this.method === 'HEAD' || isBodiless(status);
  }

  #begin(
    head: ResponseHead,
    options: { readonly endStream?: boolean; readonly waitForTrailers?: boolean },
  ): void {
    const stream = this.#stream;
    const { transport } = this;
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
    this.#answerBody = new StreamAnswerBody(this.#host, {
      stream: this.#stream,
      promised,
      wantsTrailers: this.#head.wantsTrailers,
      gaveUp: (error) => this.#giveUp(error),
      waits: () => this.#waits(),
    });
    return this.#answerBody;
  }

  /** Something waits for the peer to take it. */
  #waits(): void {
    const { transport, limits } = this.#host;
    this.#host.arm(transport.reactor.clock.now() + limits.sendTimeoutMs / 2);
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
    if (this.#answer === 'none' || this.#answer === 'begun') this.#host.givesUp();
    this.#lost(error);
    // Closing it would send the end of the stream first, and half an answer would pass for a whole.
    this.#stream.destroy(error);
  }

  #finished(): void {
    if (this.#answer !== 'begun') return;
    this.#answer = 'left';
    this.#made?.finish();
    const stream = this.#stream;
    // RFC 9113 §8.1: a peer that still sends may stop.
    const source = this.#source;
    const complete = source === undefined || source.arrived;
    if (source && (!complete || source.body.used)) source.body.answered();
    if (stream.destroyed) return;
    this.#host.arm(this.transport.reactor.clock.now() + RELEASE_MS);
    if (complete) {
      // Its end has to be read, or node would reset it.
      stream.resume();
      return;
    }
    // Trailers leave in a later turn, and a reset would come before them.
    if (!this.#head.wantsTrailers) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #lost(because?: Error): void {
    if (this.#answer === 'left' || this.#answer === 'lost') return;
    const reason = because ?? peerLeft();
    this.#answer = 'lost';
    this.#host.arm(this.transport.reactor.clock.now() + RELEASE_MS);
    this.#goneBecause = reason;
    if (this.#source) this.#endBody(this.#source);
    this.#made?.cancel(reason);
  }

  #endBody(source: StreamBodySource): void {
    const { rstCode, id = 0 } = this.#stream;
    const inOrder = rstCode === constants.NGHTTP2_NO_ERROR || rstCode === constants.NGHTTP2_CANCEL;
    if (this.#host.takeEnded(id) && inOrder) source.keepRest();
    else source.lost(cutOffBody());
  }

  #closed(): void {
    const stream = this.#stream;
    // A stream may close in order, both ways, before it has heard that its last write was done.
    if (
      stream.writableEnded &&
      stream.rstCode === 0 &&
      !stream.aborted &&
      this.#host.sessionLives
    ) {
      this.#finished();
    }
    this.#lost();
    this.#host.streamClosed(stream);
  }
}

/** Of a request without a body there is nothing to ask for. */
const NO_SOURCE: BodySource = {
  bodyWanted() {},
  bodyUnwanted() {},
  bodyTooLong() {},
  bodyFailed() {},
};

function peerLeft(): ConnectionError {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot finish the answer as the peer is gone');
}
