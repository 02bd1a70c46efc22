import { type Clock, type DelayedCall, TimeoutError } from '@hawser/core';
import type { HttpExchange } from '../contract/exchange.ts';
import type { HttpContext } from '../contract/http-handler.ts';

/** What a {@link PeerInterest} is made of. */
export interface PeerInterestParts {
  readonly context: Pick<HttpContext, 'reactor' | 'signal'>;
  /** `undefined` for a request that was made by hand. */
  readonly exchange: HttpExchange | undefined;
  readonly halfClosedMs: number;
}

/**
 * How long a peer wants the answer of the server: until it is gone. One that has ended its side (TCP lets it, and still
 * take what comes) either waits for its answer or has left, and nothing but an answer will tell, by the reset that it
 * meets. So it gets what the server says, but the server may not be silent for long before it answers; afterwards the
 * engine sees to it that something leaves.
 */
export class PeerInterest {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #exchange: HttpExchange | undefined;
  readonly #halfClosedMs: number;
  #halfClosed = false;
  #waiting = false;
  #timer: DelayedCall | undefined;

  constructor({ context, exchange, halfClosedMs }: PeerInterestParts) {
    const { signal, reactor } = context;
    this.#clock = reactor.clock;
    this.#exchange = exchange;
    this.#halfClosedMs = halfClosedMs;
    exchange?.onGone((reason) => this.#end(reason));
    if (signal.aborted) this.#aborted(signal);
    else signal.addEventListener('abort', () => this.#aborted(signal), { once: true });
  }

  /** Aborted when the peer does not want the answer any more, or cannot be borne any longer. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** An answer is awaited from the server, which is silent from now on. */
  awaits(): void {
    this.#waiting = true;
    this.#count();
  }

  /** Nothing is awaited any more. */
  rests(): void {
    this.#waiting = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** By the peer, or by a middleware whose patience is over. */
  #aborted(signal: AbortSignal): void {
    const exchange = this.#exchange;
    const halfClosed = exchange?.version !== '2.0' && exchange?.signal.aborted && !exchange.gone;
    if (!halfClosed) {
      this.#end(signal.reason);
      return;
    }
    this.#halfClosed = true;
    if (this.#waiting) this.#count();
  }

  #count(): void {
    if (!this.#halfClosed) return;
    const ms = this.#halfClosedMs;
    this.#timer?.cancel();
    this.#timer = this.#clock.callLater(ms, () => {
      this.#end(new TimeoutError(`Cannot wait for the server any longer: ${ms} ms without a word`));
    });
  }

  #end(reason: unknown): void {
    this.rests();
    this.#controller.abort(reason);
  }
}
