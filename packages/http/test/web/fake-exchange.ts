import type { Factory } from '@hawser/core';
import { createTestReactor, FakeTransport, type TestReactor } from '@hawser/core/testing';
import type { BodyConsumer, IncomingBody, OutgoingBody } from '../../src/contract/body.ts';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import type { FieldLines } from '../../src/contract/field-lines.ts';
import type { ResponseHead } from '../../src/contract/message-head.ts';

/** The body of a request that a test sends. As an engine, it keeps what nobody has taken yet. */
export class FakeIncoming implements IncomingBody {
  readonly length: number | undefined;
  trailers: FieldLines = [];
  received: boolean;
  used = false;
  discarded = 0;
  paused = false;
  #consumer: BodyConsumer | undefined;
  #queue: (Buffer | 'end' | Error)[] = [];

  /** `undefined` for one in chunks. */
  constructor(length: number | undefined) {
    this.length = length;
    this.received = length === 0;
  }

  /** Pieces that nobody has taken. */
  get waiting(): number {
    return this.#queue.length;
  }

  consume(consumer: BodyConsumer): void {
    if (this.used) throw new Error('consumed twice');
    this.used = true;
    this.#consumer = consumer;
    this.#deliver();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#deliver();
  }

  discard(): void {
    this.used = true;
    this.discarded += 1;
    this.#consumer = undefined;
    this.#queue = [];
  }

  send(...pieces: (string | Uint8Array)[]): this {
    for (const piece of pieces) this.#queue.push(Buffer.from(piece as string));
    this.#deliver();
    return this;
  }

  end(trailers: FieldLines = []): this {
    this.trailers = trailers;
    this.received = true;
    this.#queue.push('end');
    this.#deliver();
    return this;
  }

  fail(error: Error): void {
    this.#queue.push(error);
    this.#deliver();
  }

  #deliver(): void {
    while (this.#consumer && !this.paused) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      if (next === 'end') this.#consumer.end();
      else if (next instanceof Error) this.#consumer.failed(next);
      else this.#consumer.data(next);
    }
  }
}

/** What an exchange was answered with. */
export interface Answer {
  readonly head: ResponseHead;
  readonly fields: Record<string, string>;
  body: string;
  /** Given as a whole, rather than piece by piece. */
  readonly whole: boolean;
  ended: boolean;
  trailers: FieldLines | undefined;
  aborted: Error | undefined;
}

export interface FakeExchangeOptions {
  readonly method?: string;
  readonly target?: string;
  readonly authority?: string | undefined;
  readonly fields?: FieldLines;
  readonly body?: FakeIncoming;
  readonly version?: HttpExchange['version'];
  readonly upgrade?: string;
}

/** An exchange whose peer is the test. */
export class FakeExchange implements HttpExchange {
  readonly reactor: TestReactor = createTestReactor();
  readonly transport: FakeTransport = new FakeTransport({ reactor: this.reactor });
  readonly scheme = 'http';
  readonly version: HttpExchange['version'];
  readonly method: string;
  readonly target: string;
  readonly authority: string | undefined;
  readonly fields: FieldLines;
  readonly upgrade: string | undefined;
  readonly body: FakeIncoming;
  readonly informed: [number, FieldLines][] = [];
  readonly done: Promise<void>;
  gone = false;
  answer: Answer | undefined;
  takenOver: { factory: Factory; head: ResponseHead | undefined } | undefined;
  /** What `write` of the answer gives. */
  takes = true;
  signalsMade = 0;
  #controller: AbortController | undefined;
  #listeners = new Set<(reason: Error) => void>();
  readonly #drains = new Set<() => void>();
  #drained: (() => void) | undefined;
  #finish!: () => void;

  constructor(options: FakeExchangeOptions = {}) {
    this.method = options.method ?? 'GET';
    this.target = options.target ?? '/';
    this.authority = 'authority' in options ? options.authority : 'a.example';
    this.version = options.version ?? '1.1';
    this.fields = options.fields ?? ['host', 'a.example'];
    this.upgrade = options.upgrade;
    this.body = options.body ?? new FakeIncoming(0);
    this.done = new Promise((done) => {
      this.#finish = done;
    });
  }

  get rawFields(): FieldLines {
    return this.fields;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.signalsMade += 1;
      this.#controller = new AbortController();
      if (this.gone) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  get problems(): readonly { readonly where: string; readonly error: unknown }[] {
    return this.reactor.reports.problems;
  }

  onGone(listener: (reason: Error) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  onDrain(listener: () => void): Disposable {
    this.#drains.add(listener);
    return { [Symbol.dispose]: () => void this.#drains.delete(listener) };
  }

  /** The server wants to stop. */
  askToDrain(): void {
    for (const listener of this.#drains) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  inform(status: number, fields: FieldLines): void {
    this.informed.push([status, fields]);
  }

  respond(head: ResponseHead, body: string | Uint8Array = ''): void {
    const answer = this.#begin(head, true);
    answer.body = Buffer.from(body as string).toString();
    answer.ended = true;
    this.#finish();
  }

  stream(head: ResponseHead): OutgoingBody {
    const answer = this.#begin(head, false);
    return {
      write: (chunk) => {
        answer.body += Buffer.from(chunk).toString('latin1');
        return this.takes;
      },
      onceDrained: (listener) => {
        this.#drained = listener;
      },
      end: (trailers) => {
        answer.ended = true;
        answer.trailers = trailers;
        this.#finish();
      },
      abort: (error) => {
        answer.aborted = error;
        this.#finish();
      },
    };
  }

  takeOver(factory: Factory, head?: ResponseHead): void {
    this.takenOver = { factory, head };
    this.#finish();
  }

  /** The peer has taken what was written. */
  drain(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  /** The peer leaves. */
  leave(): void {
    this.gone = true;
    const reason = new Error('the peer left');
    for (const listener of this.#listeners) listener(reason);
    this.#controller?.abort(reason);
    this.#finish();
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.transport.settle();
  }

  #begin(head: ResponseHead, whole: boolean): Answer {
    if (this.answer) throw new Error('answered twice');
    const fields: Record<string, string> = {};
    for (let at = 0; at < head.fields.length; at += 2) {
      fields[head.fields[at] as string] = head.fields[at + 1] as string;
    }
    this.answer = {
      head,
      fields,
      whole,
      body: '',
      ended: false,
      trailers: undefined,
      aborted: undefined,
    };
    return this.answer;
  }
}
