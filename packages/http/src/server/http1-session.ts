import {
  type CloseReason,
  ConnectionError,
  describeReason,
  type Factory,
  handOver,
  type Incoming,
  type Protocol,
  TimeoutError,
  TLS,
  type Transport,
  toError,
} from '@hawser/core';
import type { Malformed, RequestSink } from '../contract/codec.ts';
import type { Responder } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { RequestHead } from '../contract/message-head.ts';
import { CONTINUE } from '../wire/format-response-head.ts';
import { RequestReader } from '../wire/request-reader.ts';
import { BodyPace } from './body-pace.ts';
import type { Http1Limits } from './http-options.ts';
import { type ExchangeHost, Http1Exchange } from './http1-exchange.ts';
import { LazyTimer } from './lazy-timer.ts';
import { Output } from './output.ts';
import { formatRefusal } from './refusal.ts';
import { cutOffBody, lateBody, malformedBody } from './request-body.ts';
import { SendWatch } from './send-watch.ts';
import { isWebSocketRequest, type UpgradeTable } from './upgrade-table.ts';

/** A peer that ended its side while an answer is streamed has left unless it takes something in this time. */
const HALF_CLOSED_SEND_TIMEOUT_MS = 2_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Why nothing is read for now; several may hold. */
const Hold = {
  /** Nobody takes the body. */
  Body: 1,
  /** The answer to the last request is not complete. */
  Answer: 2,
  /** Nothing more is read at all. */
  End: 4,
} as const;

/** What all connections of one factory share. */
export interface Http1Settings {
  readonly responder: Responder;
  readonly limits: Http1Limits;
  readonly upgrades: UpgradeTable | undefined;
}

/**
 * The server's side of one HTTP/1 connection (RFC 9112).
 *
 * ```text
 * open ──► draining ──► over        open ──► over, also when another protocol takes the connection
 * ```
 *
 * One request is answered at a time: while its answer is not complete, the bytes of those behind it stay bytes, of which
 * two reads of the transport are kept at most. Everything that happens ends in `#settle`, which alone decides what is
 * next: to read on, to hand over, to close, to send, and when to look at the time again.
 */
export class Http1Session implements Protocol, RequestSink, ExchangeHost {
  readonly #settings: Http1Settings;
  readonly #incoming: Incoming;
  readonly #reader: RequestReader;
  #transport!: Transport;
  #output!: Output;
  #timer!: LazyTimer;
  #secure = false;

  /** `draining`: the process wants to stop. `over`: nothing is sent or read any more. */
  #state: 'open' | 'draining' | 'over' = 'open';
  /** The request that is read or answered. */
  #exchange: Http1Exchange | undefined;
  /** Its answer was given to the output. */
  #answered = false;
  /** No request follows. */
  #last = false;
  #served = 0;
  #peerEnded = false;
  #inputFinished = false;
  #takeOver: ((rest: Buffer) => void) | undefined;

  #holds = 0;
  /** The holds are gone, and the reader does not know yet. */
  #resumeDue = false;
  #reading = false;
  /** A callback is on the stack, at whose end everything is settled. */
  #busy = false;
  #inputPaused = false;
  #flushDue = false;

  /** When the wait for a request began. */
  #waitingSince = 0;
  /** When the first byte of a head came. */
  #headSince: number | undefined;
  #exchangeSince: number | undefined;
  #bodySince = 0;
  #pace: BodyPace | undefined;
  #watch: SendWatch | undefined;

  constructor(incoming: Incoming, settings: Http1Settings) {
    const { maxHeadBytes, maxFields, maxTargetBytes, extraMethods } = settings.limits;
    this.#incoming = incoming;
    this.#settings = settings;
    this.#reader = new RequestReader(this, {
      maxHeadBytes,
      maxFields,
      maxTargetBytes,
      extraMethods,
    });
  }

  // --- what the transport says ---

  connectionMade(transport: Transport): void {
    const { clock } = transport.reactor;
    this.#transport = transport;
    this.#output = new Output(transport);
    this.#timer = new LazyTimer(clock, (now) => this.#look(now));
    this.#secure = transport.info(TLS) !== undefined;
    this.#waitingSince = clock.now();
    // The first head is counted from the start of the connection.
    this.#headSince = this.#waitingSince;
    this.#timer.arm(this.#nextDeadline(), this.#waitingSince);
  }

  dataReceived(chunk: Buffer): void {
    if (this.#holds !== 0) {
      if ((this.#holds & Hold.End) === 0) this.#reader.feed(chunk);
      this.#pauseInput();
      return;
    }
    this.#busy = true;
    this.#read(chunk);
    this.#settle();
  }

  readEnded(): void {
    this.#busy = true;
    this.#peerEnded = true;
    const exchange = this.#exchange;
    exchange?.peerEnded();
    if (exchange?.begun) this.#watchHalfClosed();
    this.#settle();
  }

  writeDrained(): void {
    this.#busy = true;
    this.#output.drained();
    if (!this.#output.full) {
      this.#exchange?.drained();
      this.#complete();
    }
    this.#settle();
  }

  drainRequested(): void {
    if (this.#state !== 'open') return;
    this.#busy = true;
    this.#state = 'draining';
    this.#exchange?.drainRequested();
    this.#settle();
  }

  connectionLost(reason: CloseReason): void {
    this.#state = 'over';
    this.#timer.cancel();
    const exchange = this.#exchange;
    if (!exchange) return;
    // What has come of the request can still be read.
    this.#readWhatCame();
    const error = new ConnectionError(
      'HAWSER_CLOSED',
      `Cannot finish the answer as the peer is gone: ${describeReason(reason)}`,
    );
    exchange.content?.fail(cutOffBody());
    exchange.giveUp(error);
    this.#exchange = undefined;
  }

  // --- what the reader says ---

  head(head: RequestHead): void {
    if (this.#state === 'over' || this.#last) return;
    const { upgrades, responder } = this.#settings;
    this.#headSince = undefined;
    if (upgrades && isWebSocketRequest(head)) {
      const take = upgrades.find(head);
      if (take) this.#switchTo((rest) => take(this.#transport, rest));
      else this.#refuse(404);
      return;
    }
    const exchange = new Http1Exchange(this, head);
    this.#exchange = exchange;
    if (this.#settings.limits.maxExchangeMs !== NEVER) this.#exchangeSince = this.#now();
    try {
      responder(exchange);
    } catch (thrown) {
      this.#responderFailed(exchange, thrown);
    }
    if (this.#exchange !== exchange) return;
    const body = exchange.content;
    if (!body || body.received) this.#hold(Hold.Answer);
    else if (!body.flowing) this.#hold(Hold.Body);
  }

  data(chunk: Buffer): void {
    this.#pace?.received(chunk.length);
    this.#exchange?.content?.dataReceived(chunk);
  }

  end(trailers: FieldLines): void {
    const exchange = this.#exchange;
    const body = exchange?.content;
    // One without a body may have its answer already.
    if (!body || body.received) return;
    this.#pace = undefined;
    this.#hold(Hold.Answer);
    body.ended(trailers);
    if (this.#answered) this.#complete();
  }

  // --- what the exchange says ---

  get transport(): Transport {
    return this.#transport;
  }
  get scheme(): 'http' | 'https' {
    return this.#secure ? 'https' : 'http';
  }
  get output(): Output {
    return this.#output;
  }
  get peerEnded(): boolean {
    return this.#peerEnded;
  }

  get draining(): boolean {
    return this.#state === 'draining';
  }

  mayKeep(): boolean {
    const exchange = this.#exchange;
    if (!exchange?.keepAlive || this.#last) return false;
    if (exchange.content?.reusable === false) return false;
    if (this.#served + 1 >= this.#settings.limits.maxRequestsPerConnection) return false;
    // What has come of the next request is owed an answer, which then says goodbye.
    return this.#state === 'open' || this.#reader.keptBytes > 0;
  }

  streaming(): void {
    this.#watchPeer();
    if (this.#busy) return;
    // The first piece of the body may come in this turn.
    this.#flushSoon();
    this.#armTimer();
  }

  answered(): void {
    this.#answered = true;
    this.#complete();
    this.written();
  }

  written(): void {
    if (!this.#busy) this.#settle();
  }

  takeOver(factory: Factory, head: string | undefined): void {
    this.#exchange?.finish();
    this.#exchange = undefined;
    const transport = this.#transport;
    const incoming = this.#incoming;
    this.#switchTo((leftover) => handOver(transport, { incoming, factory, leftover }), head);
    this.written();
  }

  bodyWanted(): void {
    const exchange = this.#exchange;
    if (exchange?.content?.takeAwaited() && !exchange.begun) this.#output.text(CONTINUE);
    this.#pace?.start(this.#now());
    this.#release(Hold.Body);
    if (!this.#reading) this.#read();
    this.written();
  }

  bodyUnwanted(): void {
    this.#pace?.stop(this.#now());
    this.#hold(Hold.Body);
  }

  bodyTooLong(): void {
    this.#endInput();
    this.#complete();
  }

  bodyFailed(thrown: unknown): void {
    this.report(thrown);
  }

  report(thrown: unknown): void {
    this.#transport.reactor.reports.problem('http.handler', thrown);
  }

  // --- reading ---

  #hold(hold: number): void {
    this.#reader.pause();
    this.#holds |= hold;
    this.#resumeDue = false;
  }

  #release(hold: number): void {
    if (this.#holds === 0) return;
    this.#holds &= ~hold;
    this.#resumeDue = this.#holds === 0;
  }

  /** Nothing is read any more. */
  #endInput(): void {
    this.#last = true;
    this.#hold(Hold.End);
  }

  #pauseInput(): void {
    if (this.#inputPaused) return;
    this.#inputPaused = true;
    this.#transport.pauseReading();
  }

  #read(chunk?: Buffer): void {
    this.#reading = true;
    let malformed = chunk && this.#reader.feed(chunk);
    while (!malformed && this.#resumeDue) {
      this.#resumeDue = false;
      malformed = this.#reader.resume();
    }
    this.#reading = false;
    if (malformed) this.#malformed(malformed);
  }

  /** The peer is gone: what it sent of a body is kept for whoever reads it. */
  #readWhatCame(): void {
    const body = this.#exchange?.content;
    if (!body || body.received) return;
    this.#holds = 0;
    this.#reading = true;
    this.#reader.resume();
    this.#reading = false;
  }

  /** The peer has ended its side, and everything before that was read. */
  #finishInput(): void {
    this.#inputFinished = true;
    const malformed = this.#reader.finish();
    if (malformed) this.#malformed(malformed);
    else if (!this.#exchange) this.#last = true;
  }

  #malformed({ status }: Malformed): void {
    const exchange = this.#exchange;
    this.#endInput();
    if (!exchange) this.#refuse(status);
    else this.#bodyLost(exchange, this.#peerEnded ? cutOffBody() : malformedBody());
  }

  /** The rest of a body will not be read. Its responder answers, unless it has. */
  #bodyLost(exchange: Http1Exchange, error: Error): void {
    this.#pace = undefined;
    exchange.content?.fail(error);
    this.#complete();
  }

  /** Answers for nobody, then ends. */
  #refuse(status: number): void {
    this.#endInput();
    this.#output.text(formatRefusal(status, this.#transport.reactor.clock));
  }

  #switchTo(next: (rest: Buffer) => void, head = ''): void {
    if (this.#state === 'draining') {
      // The next protocol would hear of the end of the process only when its time is up.
      this.#refuse(503);
      return;
    }
    this.#hold(Hold.End);
    this.#output.text(head);
    this.#takeOver = next;
  }

  #responderFailed(exchange: Http1Exchange, thrown: unknown): void {
    this.report(thrown);
    if (!exchange.begun) exchange.respond({ status: 500, fields: [] });
    else if (exchange.stillStreaming) exchange.cutOff(toError(thrown));
  }

  // --- the end of an exchange ---

  /** Goes on once the answer has left, and the request was read or given up. */
  #complete(): void {
    const exchange = this.#exchange;
    if (!exchange || !this.#answered) return;
    if (this.#output.full) {
      this.#watchPeer();
      return;
    }
    const body = exchange.content;
    body?.answered();
    exchange.finish();
    const unread = body !== undefined && !body.received;
    if (!exchange.kept || (unread && !body.restIsShort)) this.#last = true;
    if (unread && !this.#last) {
      // The rest is thrown away.
      this.#release(Hold.Body);
      return;
    }
    this.#exchange = undefined;
    this.#answered = false;
    this.#exchangeSince = undefined;
    this.#pace = undefined;
    this.#watch = undefined;
    this.#served += 1;
    this.#waitingSince = Number.NaN;
    if (!this.#last) this.#release(Hold.Answer | Hold.Body);
  }

  // --- what is next ---

  /** The end of everything that happens on the connection. */
  #settle(): void {
    this.#busy = true;
    if (this.#resumeDue) this.#read();
    if (this.#peerEnded && this.#holds === 0 && !this.#inputFinished) this.#finishInput();
    this.#busy = false;
    if (this.#state === 'over') return;
    if (this.#takeOver) this.#handOver(this.#takeOver);
    else if (!this.#exchange && this.#isLast) this.#close();
    else this.#goOn();
  }

  get #isLast(): boolean {
    return this.#last || (this.#state === 'draining' && this.#reader.state === 'idle');
  }

  #goOn(): void {
    if (this.#inputPaused && this.#holds === 0) {
      this.#inputPaused = false;
      this.#transport.resumeReading();
    }
    // While the next request of a pipeline waits for its answer, more answers may come in this turn.
    if (this.#exchange?.begun === false) this.#flushSoon();
    else this.#output.flush();
    this.#armTimer();
  }

  #armTimer(): void {
    const now = this.#now();
    this.#noteTime(now);
    this.#timer.arm(this.#nextDeadline(), now);
  }

  #flushSoon(): void {
    if (this.#flushDue || !this.#output.gathered) return;
    this.#flushDue = true;
    this.#transport.reactor.clock.callSoon(() => {
      this.#flushDue = false;
      if (this.#state !== 'over') this.#output.flush();
    });
  }

  #close(): void {
    this.#endInput();
    this.#output.flush();
    // Whoever takes an answer slowly has more time than `close` gives.
    if (this.#output.full) {
      this.#watchPeer();
      this.#timer.arm(this.#nextDeadline(), this.#now());
      return;
    }
    this.#state = 'over';
    this.#timer.cancel();
    this.#transport.close();
  }

  #handOver(next: (rest: Buffer) => void): void {
    this.#output.flush();
    this.#state = 'over';
    this.#timer.cancel();
    next(this.#reader.takeRest());
  }

  // --- time ---

  #now(): number {
    return this.#transport.reactor.clock.now();
  }

  #noteTime(now: number): void {
    const exchange = this.#exchange;
    if (!exchange) {
      if (Number.isNaN(this.#waitingSince)) this.#waitingSince = now;
      if (this.#reader.state === 'head') this.#headSince ??= now;
      return;
    }
    const body = exchange.content;
    if (!body || body.received) return;
    if (this.#pace) {
      if (body.flowing) this.#pace.start(now);
      return;
    }
    this.#pace = new BodyPace(this.#settings.limits.minBodyRate);
    this.#bodySince = now;
    if (body.flowing) this.#pace.start(now);
  }

  #nextDeadline(): number {
    const { limits } = this.#settings;
    const look = this.#watch?.nextLook ?? NEVER;
    if (!this.#exchange) return this.#last ? look : Math.min(look, this.#requestDeadline);
    let at = look;
    if (this.#exchangeSince !== undefined) {
      at = Math.min(at, this.#exchangeSince + limits.maxExchangeMs);
    }
    if (!this.#pace || this.#last) return at;
    return Math.min(at, this.#bodySince + limits.requestTimeoutMs, this.#pace.deadline);
  }

  /** Until when a request must have come. */
  get #requestDeadline(): number {
    const { headTimeoutMs, keepAliveTimeoutMs } = this.#settings.limits;
    if (this.#headSince !== undefined) return this.#headSince + headTimeoutMs;
    return this.#waitingSince + keepAliveTimeoutMs;
  }

  #look(now: number): void {
    this.#busy = true;
    if (this.#watch?.isStuck(now)) {
      this.#busy = false;
      this.#transport.abort({ kind: 'timeout', timer: 'write', afterMs: this.#watch.afterMs });
      return;
    }
    const exchange = this.#exchange;
    if (exchange) this.#lookAtExchange(exchange, now);
    else if (!this.#last && now >= this.#requestDeadline) this.#requestLate(now);
    this.#settle();
  }

  #requestLate(now: number): void {
    if (this.#reader.state === 'head') {
      this.#refuse(408);
    } else if (this.#transport.pendingBytes > 0) {
      // The last answer has not left, so the connection is not idle.
      this.#waitingSince = now;
      this.#headSince = undefined;
      this.#watchPeer();
    } else {
      this.#last = true;
    }
  }

  #lookAtExchange(exchange: Http1Exchange, now: number): void {
    const { limits } = this.#settings;
    if (this.#pace && !this.#last) {
      const late = now >= this.#bodySince + limits.requestTimeoutMs;
      if (late || now >= this.#pace.deadline) {
        this.#endInput();
        const than = late ? `${limits.requestTimeoutMs} ms` : `${limits.minBodyRate} bytes/s allow`;
        this.#bodyLost(exchange, lateBody(than));
      }
    }
    const since = this.#exchangeSince;
    if (since === undefined || now < since + limits.maxExchangeMs) return;
    if (exchange.begun) {
      this.#transport.abort({ kind: 'timeout', timer: 'lifetime', afterMs: limits.maxExchangeMs });
      return;
    }
    this.#exchange = undefined;
    const error = new TimeoutError(`Cannot answer within ${limits.maxExchangeMs} ms`);
    exchange.content?.fail(error);
    exchange.giveUp(error);
    this.#refuse(503);
  }

  /** Looks from now on whether the peer takes what is sent. */
  #watchPeer(): void {
    if (this.#peerEnded) this.#watchHalfClosed();
    else {
      const ms = this.#settings.limits.sendTimeoutMs;
      this.#watch ??= new SendWatch(this.#transport, { ms, mayRest: true });
    }
  }

  #watchHalfClosed(): void {
    const ms = HALF_CLOSED_SEND_TIMEOUT_MS;
    if (this.#watch?.mayRest === false) return;
    this.#watch = new SendWatch(this.#transport, { ms, mayRest: false });
  }
}
