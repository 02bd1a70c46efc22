import {
  type Clock,
  ConnectionError,
  type Factory,
  type Transport,
  UsageError,
} from '@hawser/core';
import type { IncomingBody, OutgoingBody } from '../contract/body.ts';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { RequestHead, ResponseHead } from '../contract/message-head.ts';
import { asksToClose } from '../wire/asks-to-close.ts';
import { formatInterim } from '../wire/format-response-head.ts';
import { AnswerBody, type AnswerOwner } from './answer-body.ts';
import { EmptyBody } from './empty-body.ts';
import { ExchangeScope } from './exchange-scope.ts';
import {
  type AnswerSituation,
  formatHead,
  formatSwitch,
  formatWhole,
  isBodiless,
  planStream,
} from './format-answer.ts';
import type { Output } from './output.ts';
import { type BodySource, RequestBody } from './request-body.ts';

/** Among the codings of a `TE` field. */
const TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i;

/** The connection of an {@link Http1Exchange}. */
export interface ExchangeHost extends BodySource {
  readonly transport: Transport;
  readonly scheme: 'http' | 'https';
  readonly output: Output;
  /** The peer has ended its side. */
  readonly peerEnded: boolean;
  /** The process wants to stop. */
  readonly draining: boolean;
  /** Whether another request may follow this one; asked when the head of the answer is written. */
  mayKeep(): boolean;
  /** An answer has begun that goes on for a while. */
  streaming(): void;
  /** The whole answer was given to the output. */
  answered(): void;
  /** Something was given to the output. */
  written(): void;
  /** @param head what to send first, as text */
  takeOver(factory: Factory, head: string | undefined): void;
  /** User code did what it must not. */
  report(thrown: unknown): void;
}

/** One request of an HTTP/1 connection and its answer. */
export class Http1Exchange implements HttpExchange, AnswerOwner, AnswerSituation {
  readonly transport: Transport;
  readonly version: '1.0' | '1.1';
  readonly method: string;
  readonly target: string;
  readonly authority: string | undefined;
  readonly fields: FieldLines;
  readonly #head: RequestHead;
  readonly #host: ExchangeHost;
  readonly #body: RequestBody | undefined;
  #empty: IncomingBody | undefined;
  #scope: ExchangeScope | undefined;
  /** An answer was given, or the connection was. */
  #answered = false;
  /** Its head lets the connection go on. */
  #kept = false;
  /** The answer has left. */
  #over = false;
  #stream: AnswerBody | undefined;
  #goneBecause: Error | undefined;

  constructor(host: ExchangeHost, head: RequestHead) {
    this.#host = host;
    this.#head = head;
    this.transport = host.transport;
    this.version = head.version;
    this.method = head.method;
    this.target = head.target;
    this.authority = head.authority;
    this.fields = head.fields;
    if (head.bodyLength !== 0) {
      this.#body = new RequestBody(host, {
        length: head.bodyLength,
        awaited: head.expectsContinue,
      });
    }
  }

  get scheme(): 'http' | 'https' {
    return this.#host.scheme;
  }
  get rawFields(): FieldLines {
    return this.#head.rawFields;
  }
  /** Not of a request with a body: nobody could tell where the other protocol begins. */
  get upgrade(): string | undefined {
    return this.#head.bodyLength === 0 ? this.#head.upgrade : undefined;
  }
  get body(): IncomingBody {
    this.#empty ??= this.#body ?? new EmptyBody();
    return this.#empty;
  }
  /** The peer would keep the connection. After CONNECT it speaks something else, whatever the answer is. */
  get keepAlive(): boolean {
    return this.#head.keepAlive && this.method !== 'CONNECT';
  }

  get signal(): AbortSignal {
    return this.#watched.signal;
  }
  get gone(): boolean {
    return this.#goneBecause !== undefined;
  }
  get done(): Promise<void> {
    return this.#watched.done;
  }
  onGone(listener: (reason: Error) => void): Disposable {
    return this.#watched.onGone(listener);
  }
  onDrain(listener: () => void): Disposable {
    return this.#watched.onDrain(listener);
  }

  inform(status: number, fields: FieldLines): void {
    const text = formatInterim(status, fields);
    if (this.version === '1.0' || this.#answered || this.gone) return;
    this.#host.output.text(text);
    this.#host.written();
  }

  respond(head: ResponseHead, body?: string | Uint8Array): void {
    this.#checkOpen();
    if (this.gone) {
      this.#answered = true;
      return;
    }
    // A body that nobody has read is looked at now, so that the answer can say whether the connection goes on.
    if (this.#body?.used === false) this.#body.discard();
    const isText = typeof body === 'string';
    const length = isText ? Buffer.byteLength(body) : body?.length;
    this.#kept = !asksToClose(head.fields) && this.#host.mayKeep();
    const text = formatWhole(head, length, this);
    this.#answered = true;
    const { output } = this.#host;
    output.text(text);
    if (body !== undefined && !isBodiless(head.status, this.method)) {
      if (!isText) output.bytes(body);
      // Only ASCII has as many bytes as characters.
      else if (length === body.length) output.ascii(body);
      else output.bytes(Buffer.from(body));
    }
    this.#host.answered();
  }

  stream(head: ResponseHead): OutgoingBody {
    this.#checkOpen();
    if (this.gone) {
      this.#answered = true;
      return new AnswerBody(this, { kind: 'none', length: undefined });
    }
    const plan = planStream(head, this);
    const mayKeep = plan.said !== 'until-close' && !asksToClose(head.fields);
    this.#kept = mayKeep && this.#host.mayKeep();
    const text = formatHead(head, plan.said, this);
    this.#answered = true;
    this.#stream = new AnswerBody(this, plan);
    this.#host.output.text(text);
    this.#host.streaming();
    return this.#stream;
  }

  takeOver(factory: Factory, head?: ResponseHead): void {
    this.#checkOpen();
    const asked = this.method === 'CONNECT' || this.upgrade !== undefined;
    if (!asked || this.#body?.received === false) {
      throw new UsageError(
        'HAWSER_NOT_AVAILABLE',
        `Cannot hand the connection over as the peer did not ask for it: ${this.method}`,
      );
    }
    const text = head && formatSwitch(head, this.date);
    this.#answered = true;
    if (!this.gone) this.#host.takeOver(factory, text);
  }

  // --- from the connection ---

  /** Whether the head of the answer was written. */
  get begun(): boolean {
    return this.#answered;
  }
  get date(): string {
    return this.#host.output.date;
  }
  /** Whether the answer lets the connection go on. */
  get kept(): boolean {
    return this.#kept;
  }
  /** The body, if there is one. */
  get content(): RequestBody | undefined {
    return this.#body;
  }

  /** The peer ended its side: it may have left, or wait for the answer. */
  peerEnded(): void {
    this.#scope?.abort(endedItsSide());
  }

  /** The process wants to stop. */
  drainRequested(): void {
    this.#scope?.drain();
  }

  /** The peer has taken everything. */
  drained(): void {
    this.#stream?.drained();
  }

  /** The peer has left, or its time is up: what is answered from now on is dropped. */
  giveUp(reason: Error): void {
    if (this.#over) return;
    this.#goneBecause ??= reason;
    this.#scope?.cancel(reason);
  }

  /** The answer has left. */
  finish(): void {
    this.#over = true;
    this.#scope?.finish();
  }

  // --- for the body of the answer ---

  get output(): Output {
    return this.#host.output;
  }
  get wantsTrailers(): boolean {
    const { fields } = this;
    return fields.some((te, at) => fields[at - 1] === 'te' && at % 2 === 1 && TRAILERS.test(te));
  }
  written(): void {
    this.#host.written();
  }
  completed(): void {
    this.#stream = undefined;
    this.#host.answered();
  }
  cutOff(cause: Error): void {
    this.transport.abort(
      new ConnectionError('HAWSER_CLOSED', 'Cannot finish the answer', { cause }),
    );
  }
  report(thrown: unknown): void {
    this.#host.report(thrown);
  }
  soon(call: () => void): void {
    this.#clock.callSoon(call);
  }

  #checkOpen(): void {
    if (!this.#answered) return;
    throw new UsageError('HAWSER_BUSY', 'Cannot answer a request as it was answered already');
  }

  get #clock(): Clock {
    return this.transport.reactor.clock;
  }

  get #watched(): ExchangeScope {
    if (this.#scope) return this.#scope;
    const host = this.#host;
    const scope = new ExchangeScope({
      clock: this.#clock,
      failed: (thrown) => host.report(thrown),
    });
    this.#scope = scope;
    // What has happened before anybody asked.
    if (this.#goneBecause) scope.cancel(this.#goneBecause);
    else if (this.#over) scope.finish();
    else {
      if (host.peerEnded) scope.abort(endedItsSide());
      if (host.draining) scope.drain();
    }
    return scope;
  }
}

function endedItsSide(): ConnectionError {
  return new ConnectionError(
    'HAWSER_CLOSED',
    'Cannot finish the answer as the peer ended its side',
  );
}
