import {
  ConnectionError,
  type Factory,
  handOver,
  type Incoming,
  TimeoutError,
  TLS,
  type Transport,
  toError,
} from '@hawser/core';
import type { Malformed } from '../contract/codec.ts';
import type { Responder } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { RequestHead } from '../contract/message-head.ts';
import { CONTINUE } from '../wire/format-response-head.ts';
import { type Awaited, Deadlines } from './deadlines.ts';
import type { Http1Limits } from './http-options.ts';
import { type ExchangeHost, Http1Exchange } from './http1-exchange.ts';
import { Output } from './output.ts';
import type { ReaderPool } from './reader-pool.ts';
import { formatRefusal } from './refusal.ts';
import { cutOffBody, lateBody, malformedBody } from './request-body.ts';
import { Hold, type InputSink, RequestInput } from './request-input.ts';
import { isWebSocketRequest, type UpgradeTable } from './upgrade-table.ts';

/** What all connections of one factory share. */
export interface Http1Settings {
  readonly responder: Responder;
  readonly limits: Http1Limits;
  readonly readers: ReaderPool;
  readonly upgrades: UpgradeTable | undefined;
}

/**
 * The requests of one connection and their answers, one after the other: what is read, answered, refused, given up for its
 * slowness, and whether another request may follow. What becomes of the connection is decided in `settle`, by the class
 * that completes this one: one object, as each request passes between the two several times.
 */
export abstract class Conversation implements InputSink, ExchangeHost, Awaited {
  /** `draining`: the process wants to stop. `over`: nothing is sent or read any more. */
  protected state: 'open' | 'draining' | 'over' = 'open';
  /** A callback is on the stack, at whose end everything is settled. */
  protected busy = false;
  /** The request that is read or answered. */
  protected exchange: Http1Exchange | undefined = undefined;
  /** No request follows. */
  protected last = false;
  /** Who gets the connection now, with what was read and belongs to them. */
  protected successor: ((rest: Buffer) => void) | undefined = undefined;
  protected input!: RequestInput;
  protected deadlines!: Deadlines;
  transport!: Transport;
  output!: Output;
  readonly #incoming: Incoming;
  readonly #settings: Http1Settings;
  #secure = false;
  /** The answer was given to the output. */
  #answered = false;
  #served = 0;

  constructor(incoming: Incoming, settings: Http1Settings) {
    this.#incoming = incoming;
    this.#settings = settings;
  }

  /** The end of everything that happens on the connection. */
  protected abstract settle(): void;
  /** The head of an answer was given to the output; the first piece of its body may follow in this turn. */
  protected abstract streamBegan(): void;

  protected begin(transport: Transport): void {
    const { limits, readers } = this.#settings;
    this.transport = transport;
    this.input = new RequestInput(transport, this, readers);
    this.output = new Output(transport);
    this.deadlines = new Deadlines(transport, limits, this);
    this.#secure = transport.info(TLS) !== undefined;
  }

  // --- what the connection says ---

  protected peerEndedItsSide(): void {
    this.input.end();
    this.exchange?.peerEnded();
    if (this.exchange?.begun) this.deadlines.watchSending();
  }

  protected peerTookAll(): void {
    this.deadlines.drained();
    this.output.drained();
    if (this.output.full) return;
    this.exchange?.drained();
    this.#complete();
  }

  protected drainBegan(): void {
    this.exchange?.drainRequested();
    this.#complete();
  }

  /** The peer is gone. */
  protected peerLeft(why: string): void {
    this.deadlines.cancel();
    const exchange = this.exchange;
    if (!exchange) return;
    // First, so that whatever is answered by those who hear of the body below is dropped.
    exchange.giveUp(new ConnectionError('HAWSER_CLOSED', `Cannot finish the answer as ${why}`));
    // What has come of the request can still be read.
    if (exchange.content?.received === false) this.input.readWhatCame();
    this.exchange = undefined;
    exchange.content?.fail(cutOffBody());
  }

  /** Nothing is read any more. */
  protected endInput(): void {
    this.last = true;
    this.input.hold(Hold.End);
  }

  // --- what the input says ---

  head(head: RequestHead): void {
    if (this.state === 'over' || this.last || this.transport.ending) return;
    const { upgrades, responder } = this.#settings;
    this.deadlines.exchangeBegan();
    this.input.noteRequest();
    if (upgrades && isWebSocketRequest(head)) {
      const take = upgrades.find(head);
      if (take) this.#switchTo((rest) => take(this.transport, rest));
      else this.#refuse(404);
      return;
    }
    const exchange = new Http1Exchange(this, head);
    this.exchange = exchange;
    try {
      responder(exchange);
    } catch (thrown) {
      this.#responderFailed(exchange, thrown);
    }
    if (this.exchange !== exchange) return;
    const body = exchange.content;
    if (!body || body.received) this.input.hold(Hold.Answer);
    else if (!body.flowing) this.input.hold(Hold.Body);
  }

  data(chunk: Buffer): void {
    this.deadlines.bodyReceived(chunk.length);
    this.exchange?.content?.dataReceived(chunk);
  }

  end(trailers: FieldLines): void {
    const body = this.exchange?.content;
    // One without a body may have its answer already.
    if (!body || body.received) return;
    this.deadlines.bodyEnded();
    this.input.hold(Hold.Answer);
    body.ended(trailers);
    this.#complete();
  }

  malformed({ status }: Malformed, cutOff: boolean): void {
    this.endInput();
    if (this.exchange) this.#bodyLost(cutOff ? cutOffBody() : malformedBody());
    else this.#refuse(status);
  }

  inputEnded(): void {
    if (!this.exchange) this.last = true;
  }

  turnCame(): void {
    if (this.state !== 'over') this.settle();
  }

  // --- what the exchange says ---

  get scheme(): 'http' | 'https' {
    return this.#secure ? 'https' : 'http';
  }
  get peerEnded(): boolean {
    return this.input.peerEnded;
  }
  get draining(): boolean {
    return this.state === 'draining';
  }

  mayKeep(): boolean {
    const exchange = this.exchange;
    if (!exchange?.keepAlive || this.last) return false;
    if (exchange.content?.reusable === false) return false;
    if (this.#served + 1 >= this.#settings.limits.maxRequestsPerConnection) return false;
    // What has come of the next request is owed an answer, which then says goodbye.
    return this.state === 'open' || this.input.hasMore;
  }

  streaming(): void {
    this.deadlines.watchSending();
    this.streamBegan();
  }

  answered(): void {
    this.#answered = true;
    this.#complete();
    this.written();
  }

  written(): void {
    if (!this.busy) this.settle();
  }

  takeOver(factory: Factory, head: string | undefined): void {
    this.exchange?.finish();
    this.exchange = undefined;
    const transport = this.transport;
    const incoming = this.#incoming;
    this.#switchTo((leftover) => handOver(transport, { incoming, factory, leftover }), head);
    this.written();
  }

  bodyWanted(): void {
    const exchange = this.exchange;
    if (exchange?.content?.takeAwaited() && !exchange.begun) this.output.text(CONTINUE);
    this.deadlines.bodyFlows(true);
    this.input.release(Hold.Body);
    this.input.read();
    this.written();
  }

  bodyUnwanted(): void {
    this.deadlines.bodyFlows(false);
    this.input.hold(Hold.Body);
  }

  bodyTooLong(): void {
    this.endInput();
    this.#complete();
  }

  bodyFailed(thrown: unknown): void {
    this.report(thrown);
  }

  report(thrown: unknown): void {
    this.transport.reactor.reports.problem('http.handler', thrown);
  }

  // --- what the time says ---

  get phase(): Awaited['phase'] {
    if (!this.exchange) return this.last ? 'end' : 'request';
    return this.exchange.content?.received === false && !this.last ? 'body' : 'answer';
  }
  get inHead(): boolean {
    return this.input.inHead;
  }
  get bodyFlows(): boolean {
    return this.exchange?.content?.flowing === true;
  }

  requestLate(): void {
    if (this.input.inHead) this.#refuse(408);
    else this.last = true;
  }

  bodyLate(than: string): void {
    this.busy = true;
    this.endInput();
    this.#bodyLost(lateBody(than));
  }

  exchangeLate(afterMs: number): void {
    const exchange = this.exchange;
    if (exchange?.begun === false) {
      this.busy = true;
      this.exchange = undefined;
      const error = new TimeoutError(`Cannot answer within ${afterMs} ms`);
      // In this order: whoever waits for the body must not answer any more.
      exchange.giveUp(error);
      exchange.content?.fail(error);
      this.#refuse(503);
    } else if (exchange && this.#answered && !this.output.full) {
      // All that is left is a body that nobody wants.
      this.endInput();
      this.#complete();
    } else if (exchange) {
      this.transport.abort({ kind: 'timeout', timer: 'lifetime', afterMs });
    }
  }

  sendingStuck(afterMs: number): void {
    this.transport.abort({ kind: 'timeout', timer: 'write', afterMs });
  }

  looked(): void {
    this.settle();
  }

  // --- the end of an exchange ---

  /** Goes on once the answer has left, and the request was read or given up. */
  #complete(): void {
    const exchange = this.exchange;
    if (!exchange || !this.#answered) return;
    if (this.output.full) {
      this.deadlines.watchSending();
      return;
    }
    const body = exchange.content;
    body?.answered();
    exchange.finish();
    const unread = body !== undefined && !body.received;
    // To throw a body away must not hold a process up that wants to stop.
    const worthReading = unread && body.restIsShort && this.state === 'open';
    if (!exchange.kept || (unread && !worthReading)) this.last = true;
    if (unread && !this.last) {
      // The rest is thrown away.
      this.deadlines.bodyFlows(true);
      this.input.release(Hold.Body);
      return;
    }
    this.exchange = undefined;
    this.#answered = false;
    this.#served += 1;
    this.deadlines.exchangeEnded();
    // After a goodbye nothing is said any more, whatever follows.
    if (this.last) this.endInput();
    else this.input.release(Hold.Answer | Hold.Body);
  }

  /** The rest of a body will not be read. Its responder answers, unless it has. */
  #bodyLost(error: Error): void {
    this.deadlines.bodyEnded();
    this.exchange?.content?.fail(error);
    this.#complete();
  }

  #responderFailed(exchange: Http1Exchange, thrown: unknown): void {
    this.report(thrown);
    if (!exchange.begun) exchange.respond({ status: 500, fields: [] });
    else if (this.exchange === exchange && !this.#answered) exchange.cutOff(toError(thrown));
  }

  /** Answers for nobody, then ends. */
  #refuse(status: number): void {
    this.endInput();
    this.output.text(formatRefusal(status, this.transport.reactor.clock));
  }

  #switchTo(next: (rest: Buffer) => void, head = ''): void {
    if (this.state === 'draining') {
      // The next protocol would hear of the end of the process only when its time is up.
      this.#refuse(503);
      return;
    }
    this.input.hold(Hold.End);
    this.output.text(head);
    this.successor = next;
  }
}
