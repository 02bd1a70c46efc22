import { constants, type ServerHttp2Stream } from 'node:http2';
import { ConnectionError, TimeoutError, type Transport, UsageError } from '@hawser/core';
import type { IncomingBody, OutgoingBody } from '../contract/body.ts';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHead } from '../contract/message-head.ts';
import { EmptyBody } from '../server/empty-body.ts';
import { ExchangeScope } from '../server/exchange-scope.ts';
import { cutOffBody } from '../server/request-body.ts';
import type { Http2RequestHead } from './read-request.ts';
import { StreamAnswer } from './stream-answer.ts';
import { StreamBodySource } from './stream-body-source.ts';
import type { StreamHost } from './stream-host.ts';

/** How long a stream may take to close once it was answered; then it is helped along. */
const RELEASE_MS = 1_000;

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
  readonly #answer: StreamAnswer;
  /** Where the body comes from, if there is one. */
  readonly #source: StreamBodySource | undefined;
  #emptyBody: EmptyBody | undefined;
  #made: ExchangeScope | undefined;
  #goneBecause: Error | undefined;

  constructor(host: StreamHost, { stream, head, complete }: Http2ExchangeParts) {
    this.#host = host;
    this.#head = head;
    this.#stream = stream;
    this.#startedAt = host.transport.reactor.clock.now();
    const gaveUp = (error: Error): void => this.#giveUp(error);
    this.#answer = new StreamAnswer(host, { stream, request: head, gaveUp });
    const { maxExchangeMs, requestTimeoutMs } = host.limits;
    host.arm(this.#startedAt + maxExchangeMs);
    if (!complete) {
      host.arm(this.#startedAt + requestTimeoutMs);
      this.#source = new StreamBodySource(host, {
        stream,
        length: head.contentLength,
        expectsContinue: head.expectsContinue,
        startedAt: this.#startedAt,
        goOn: () => this.#answer.inform(100, []),
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
  /** Names are in lower case on the wire as well. */
  get rawFields(): FieldLines {
    return this.#head.fields;
  }
  get body(): IncomingBody {
    if (this.#source) return this.#source.body;
    this.#emptyBody ??= new EmptyBody();
    return this.#emptyBody;
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

  inform(status: number, fields: FieldLines): void {
    if (!Number.isInteger(status) || status < 102 || status > 199) {
      throw new RangeError(`Cannot inform as the status must be 102 to 199: ${status}`);
    }
    this.#answer.inform(status, fields);
  }

  respond(head: ResponseHead, body?: string | Uint8Array): void {
    this.#answer.respond(head, body);
  }

  stream(head: ResponseHead): OutgoingBody {
    return this.#answer.stream(head);
  }

  takeOver(): never {
    throw new UsageError(
      'HAWSER_NOT_AVAILABLE',
      'Cannot take a connection over as it carries other requests too: HTTP/2',
    );
  }

  // --- from the connection ---

  /** The server wants the connection to end. */
  drain(): void {
    this.#made?.drain();
  }

  /** The responder threw: the peer is told in whatever way is left. */
  fail(error: Error): void {
    const { state } = this.#answer;
    if (state === 'none') this.refuse(500, 'Internal Server Error\n');
    else if (state === 'begun' && !this.#stream.writableEnded) this.#giveUp(error);
  }

  /** Answers for a handler that did not, with a few words. Does nothing once there is an answer. */
  refuse(status: number, text: string): void {
    if (this.#answer.state !== 'none' || this.gone) return;
    this.respond({ status, fields: ['content-type', 'text/plain; charset=utf-8'] }, text);
    this.body.discard();
  }

  /** Does what is due, and gives when to look again. */
  look(now: number): number {
    if (this.#answer.isOver) return this.#release(now);
    const latest = this.#startedAt + this.#host.limits.maxExchangeMs;
    if (now >= latest) {
      this.#overdue();
      return Number.POSITIVE_INFINITY;
    }
    const send = this.#answer.look(now);
    if (send > 0) return Math.min(latest, this.#source?.look(now) ?? latest, send);
    this.#giveUp(new TimeoutError('Cannot send on as the peer takes next to nothing'));
    return Number.POSITIVE_INFINITY;
  }

  // --- how it ends ---

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
    else if (this.#answer.state === 'left') scope.finish();
    this.#made = scope;
    return scope;
  }

  /** Lets go of a stream that should have closed by itself. */
  #release(now: number): number {
    const stream = this.#stream;
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    else stream.destroy();
    return stream.destroyed ? Number.POSITIVE_INFINITY : now + RELEASE_MS;
  }

  #overdue(): void {
    const error = new TimeoutError('Cannot go on as the exchange took too long');
    if (this.#answer.state === 'none') {
      this.#scope.abort(error);
      this.refuse(503, 'Service Unavailable\n');
      return;
    }
    this.#giveUp(error);
  }

  /** This side ends the answer before it is complete. */
  #giveUp(error: Error): void {
    if (!this.#answer.isOver) this.#host.givesUp();
    this.#lost(error);
    // Closing it would send the end of the stream first, and half an answer would pass for a whole.
    this.#stream.destroy(error);
  }

  #finished(): void {
    if (!this.#answer.leave()) return;
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
    if (!this.#answer.lose()) return;
    const reason = because ?? peerLeft();
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
    const { id = 0 } = stream;
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
    this.#host.takeEnded(id);
    this.#host.streamClosed(this, id);
  }
}

function peerLeft(): ConnectionError {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot finish the answer as the peer is gone');
}
