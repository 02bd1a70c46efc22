import type { Context, Transport } from '@hawser/core';
import { BodyPace } from './body-pace.ts';
import { DeadlineQueue, type Waiting } from './deadline-queue.ts';
import type { Http1Limits } from './http-options.ts';
import { SendWatch } from './send-watch.ts';

/** A peer that ended its side while an answer is streamed has left unless it has something to take in this time. */
const HALF_CLOSED_REST_MS = 2_000;
const NEVER = Number.POSITIVE_INFINITY;

/** What is waited for on a connection, as far as time matters. */
export interface Awaited {
  /** `request`: for the next one. `body`: for that of the last one. `answer`: for the handler, or the peer to take it. */
  readonly phase: 'request' | 'body' | 'answer' | 'end';
  /** Of a request, a part has come. */
  readonly inHead: boolean;
  /** Somebody takes the body. */
  readonly bodyFlows: boolean;
  readonly peerEnded: boolean;

  /** No request has come in time; `inHead` tells whether a part of one has. */
  requestLate(): void;
  /** `than` says how much faster it should have been. */
  bodyLate(than: string): void;
  exchangeLate(afterMs: number): void;
  /** The peer takes nothing, or next to nothing. */
  sendingStuck(afterMs: number): void;
  /** Everything due was told. */
  looked(): void;
}

/** All deadlines of one connection, with one place in the queue that is not moved for each request. */
export class Deadlines implements Waiting {
  dueAt: number = NEVER;
  place = 0;
  readonly #transport: Transport;
  readonly #limits: Http1Limits;
  readonly #awaited: Awaited;
  /** When the wait for a request began; `undefined` until somebody looks at the time after that. */
  #waitingSince: number | undefined;
  /** When the first byte of a head came. */
  #headSince: number | undefined;
  #exchangeSince: number | undefined;
  #bodySince = 0;
  #pace: BodyPace | undefined;
  #watch: SendWatch | undefined;

  constructor(transport: Transport, limits: Http1Limits, awaited: Awaited) {
    this.#transport = transport;
    this.#limits = limits;
    this.#awaited = awaited;
    this.#waitingSince = this.#now();
    // The first head is counted from the start of the connection.
    this.#headSince = this.#waitingSince;
  }

  /** A request has come. */
  exchangeBegan(): void {
    this.#headSince = undefined;
    if (this.#limits.maxExchangeMs !== NEVER) this.#exchangeSince = this.#now();
  }

  /** Its answer has left, and the next one is waited for. */
  exchangeEnded(): void {
    this.#waitingSince = undefined;
    this.#exchangeSince = undefined;
    this.#pace = undefined;
    // Who takes the last answer slowly does not become faster by asking for another one.
    if (this.#transport.pendingBytes > 0) this.#watch?.limitRest(undefined, this.#now());
    else this.#watch = undefined;
  }

  /** So much of a body has come. */
  bodyReceived(bytes: number): void {
    this.#pace?.received(bytes);
  }

  /** It is complete, or given up. */
  bodyEnded(): void {
    this.#pace = undefined;
  }

  /** Somebody takes the body from now on, or nobody does. */
  bodyFlows(flows: boolean): void {
    if (flows) this.#pace?.start(this.#now());
    else this.#pace?.stop(this.#now());
  }

  /** Looks from now on whether the peer takes what is sent. */
  watchSending(): void {
    const { sendTimeoutMs: ms, minSendRate: minRate } = this.#limits;
    this.#watch ??= new SendWatch(this.#transport, { ms, minRate });
    if (this.#awaited.peerEnded) this.#watch.limitRest(HALF_CLOSED_REST_MS, this.#now());
  }

  /** The peer has taken what filled the connection. */
  drained(): void {
    this.#watch?.drained(this.#now());
  }

  /** To be called when everything else was done. */
  arm(): void {
    const now = this.#now();
    this.#noteTime(now);
    this.#watch?.written(now);
    const at = this.#next();
    if (at < this.dueAt) DeadlineQueue.of(this.#transport.reactor.clock).arm(this, at, now);
  }

  cancel(): void {
    DeadlineQueue.of(this.#transport.reactor.clock).cancel(this);
  }

  get context(): Context {
    return this.#transport.context;
  }

  failed(callback: string, thrown: unknown): void {
    this.#transport.reactor.reports.problem(`http.${callback}`, thrown);
  }

  #now(): number {
    return this.#transport.reactor.clock.now();
  }

  /** What began since the last look, began now: that is exact enough, and costs one question a turn. */
  #noteTime(now: number): void {
    const { phase, inHead } = this.#awaited;
    if (phase === 'request') {
      this.#waitingSince ??= now;
      if (inHead) this.#headSince ??= now;
    } else if (phase === 'body' && !this.#pace) {
      this.#bodySince = now;
      this.#pace = new BodyPace(this.#limits.minBodyRate);
      if (this.#awaited.bodyFlows) this.#pace.start(now);
    }
  }

  #next(): number {
    const { phase } = this.#awaited;
    let at = this.#watch?.nextLook ?? NEVER;
    if (phase === 'end') return at;
    if (phase === 'request') return Math.min(at, this.#requestDeadline);
    if (this.#exchangeSince !== undefined) {
      at = Math.min(at, this.#exchangeSince + this.#limits.maxExchangeMs);
    }
    if (phase === 'answer' || !this.#pace) return at;
    return Math.min(at, this.#bodySince + this.#limits.requestTimeoutMs, this.#pace.deadline);
  }

  get #requestDeadline(): number {
    const { headTimeoutMs, keepAliveTimeoutMs } = this.#limits;
    if (this.#headSince !== undefined) return this.#headSince + headTimeoutMs;
    return (this.#waitingSince ?? NEVER) + keepAliveTimeoutMs;
  }

  look(now: number): void {
    if (this.#watch?.isStuck(now)) {
      this.#awaited.sendingStuck(this.#watch.afterMs);
      return;
    }
    const { phase } = this.#awaited;
    if (phase === 'request') this.#lookForRequest(now);
    if (phase === 'body' && this.#pace) this.#lookAtBody(now, this.#pace);
    const { maxExchangeMs } = this.#limits;
    if (this.#exchangeSince !== undefined && now >= this.#exchangeSince + maxExchangeMs) {
      this.#awaited.exchangeLate(maxExchangeMs);
    }
    this.#awaited.looked();
  }

  #lookForRequest(now: number): void {
    if (now < this.#requestDeadline) return;
    if (this.#awaited.inHead || this.#transport.pendingBytes === 0) {
      this.#awaited.requestLate();
      return;
    }
    // The last answer has not left, so the connection is not idle.
    this.#waitingSince = now;
    this.#headSince = undefined;
    this.watchSending();
  }

  #lookAtBody(now: number, pace: BodyPace): void {
    const { requestTimeoutMs, minBodyRate } = this.#limits;
    if (now >= this.#bodySince + requestTimeoutMs) this.#awaited.bodyLate(`${requestTimeoutMs} ms`);
    else if (now >= pace.deadline) this.#awaited.bodyLate(`${minBodyRate} bytes a second allow`);
  }
}
