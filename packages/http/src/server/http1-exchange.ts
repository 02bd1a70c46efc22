import { ConnectionError, type Factory, type Transport, UsageError } from '@hawser/core';
import type { IncomingBody, OutgoingBody } from '../contract/body.ts';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { RequestHead, ResponseHead } from '../contract/message-head.ts';
import { formatInterim } from '../wire/format-response-head.ts';
import { AnswerBody, type AnswerOwner } from './answer-body.ts';
import { CancelScope } from './cancel-scope.ts';
import { EmptyBody } from './empty-body.ts';
import {
  type AnswerSituation,
  type FormattedAnswer,
  formatStreamed,
  formatSwitch,
  formatWhole,
} from './format-answer.ts';
import type { Output } from './output.ts';
import { type BodySource, RequestBody } from './request-body.ts';

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
export class Http1Exchange implements HttpExchange, AnswerOwner {
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
  #scope: CancelScope | undefined;
  #drainListeners: Set<{ readonly listener: () => void }> | undefined;
  /** An answer was given, or the connection was. */
  #answered = false;
  /** Its head lets the connection go on. */
  #kept = false;
  /** The answer has left. */
  #over = false;
  /** It has, or never will. */
  #settled = false;
  #stream: AnswerBody | undefined;
  #goneBecause: Error | undefined;
  #done: { readonly promise: Promise<void>; readonly settle: () => void } | undefined;

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
  /** The peer would keep the connection. */
  get keepAlive(): boolean {
    return this.#head.keepAlive;
  }

  get signal(): AbortSignal {
    const scope = this.#cancelScope;
    const { signal } = scope;
    if (this.#over || signal.aborted) return signal;
    if (this.#goneBecause) scope.abort(this.#goneBecause);
    else if (this.#host.peerEnded) scope.abort(endedItsSide());
    return signal;
  }
  get gone(): boolean {
    return this.#goneBecause !== undefined;
  }
  get done(): Promise<void> {
    if (this.#settled) return Promise.resolve();
    if (!this.#done) {
      let settle: () => void = ignore;
      const promise = new Promise<void>((resolve) => {
        settle = resolve;
      });
      this.#done = { promise, settle };
    }
    return this.#done.promise;
  }

  onGone(listener: (reason: Error) => void): Disposable {
    const gone = this.#goneBecause;
    if (!gone) return this.#cancelScope.add(listener);
    const scope = new CancelScope((thrown) => this.#host.report(thrown));
    const registration = scope.add(listener);
    this.soon(() => scope.cancel(gone));
    return registration;
  }

  onDrain(listener: () => void): Disposable {
    const entry = { listener };
    if (this.#over || this.gone) return NOTHING;
    this.#drainListeners ??= new Set();
    this.#drainListeners.add(entry);
    if (this.#host.draining) this.soon(() => this.drainRequested());
    return { [Symbol.dispose]: () => void this.#drainListeners?.delete(entry) };
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
    const isText = typeof body === 'string';
    const length = isText ? Buffer.byteLength(body) : body?.length;
    // A body that nobody has read is looked at now, so that the answer can say whether the connection goes on.
    if (this.#body?.used === false) this.#body.discard();
    const { framing } = this.#begin(formatWhole(head, length, this.#situation()));
    if (body !== undefined && framing.kind !== 'none') {
      const { output } = this.#host;
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
    const { framing } = this.#begin(formatStreamed(head, this.#situation()));
    this.#stream = new AnswerBody(this, framing);
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
    const text = head && formatSwitch(head, this.transport.reactor.clock);
    this.#answered = true;
    if (!this.gone) this.#host.takeOver(factory, text);
  }

  // --- from the connection ---

  /** Whether the head of the answer was written. */
  get begun(): boolean {
    return this.#answered;
  }
  /** Whether the answer lets the connection go on. */
  get kept(): boolean {
    return this.#kept;
  }
  /** The body, if there is one. */
  get content(): RequestBody | undefined {
    return this.#body;
  }
  get stillStreaming(): boolean {
    return this.#stream !== undefined;
  }

  /** The peer ended its side: it may have left, or wait for the answer. */
  peerEnded(): void {
    this.#scope?.abort(endedItsSide());
  }

  /** The process wants to stop. */
  drainRequested(): void {
    const entries = this.#drainListeners;
    this.#drainListeners = undefined;
    for (const { listener } of entries ?? []) {
      try {
        listener();
      } catch (thrown) {
        this.#host.report(thrown);
      }
    }
  }

  /** The peer has taken everything. */
  drained(): void {
    this.#stream?.drained();
  }

  /** The peer has left, or its time is up: what is answered from now on is dropped. */
  giveUp(reason: Error): void {
    if (this.#goneBecause || this.#over) return;
    this.#goneBecause = reason;
    this.#scope?.cancel(reason);
    this.#settle();
  }

  /** The answer has left, and the request was read. */
  finish(): void {
    this.#over = true;
    this.#scope?.clear();
    this.#settle();
  }

  // --- for the body of the answer ---

  get output(): Output {
    return this.#host.output;
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
    this.transport.reactor.clock.callSoon(call);
  }

  #situation(): AnswerSituation {
    return {
      method: this.method,
      version: this.version,
      keep: this.#host.mayKeep(),
      clock: this.transport.reactor.clock,
    };
  }

  #begin(answer: FormattedAnswer): FormattedAnswer {
    this.#answered = true;
    this.#kept = answer.keep;
    this.#host.output.text(answer.head);
    return answer;
  }

  #checkOpen(): void {
    if (!this.#answered) return;
    throw new UsageError('HAWSER_BUSY', 'Cannot answer a request as it was answered already');
  }

  get #cancelScope(): CancelScope {
    this.#scope ??= new CancelScope((thrown) => this.#host.report(thrown));
    return this.#scope;
  }

  #settle(): void {
    this.#settled = true;
    this.#drainListeners = undefined;
    this.#done?.settle();
  }
}

function endedItsSide(): ConnectionError {
  return new ConnectionError(
    'HAWSER_CLOSED',
    'Cannot finish the answer as the peer ended its side',
  );
}

function ignore(): void {}

const NOTHING: Disposable = { [Symbol.dispose]: ignore };
