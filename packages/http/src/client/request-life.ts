import { CancelledError, type Clock, type Deferred, type DelayedCall } from '@hawser/core';
import type { SessionExchange } from './client-session.ts';
import { HttpRequestError } from './http-request-error.ts';
import type { RunOptions } from './run-options.ts';

/**
 * What can end a request from outside, from its beginning until its response has come as a whole: the signal of the
 * caller and the total timeout.
 */
export class RequestLife {
  readonly #signal: AbortSignal | undefined;
  readonly #asReason: boolean;
  readonly #aborted = (): void => {
    const reason: unknown = this.#signal?.reason;
    if (this.#asReason && reason instanceof Error) this.#end(reason);
    else this.#end(new CancelledError('The request was aborted', { cause: reason }));
  };
  readonly #timer: DelayedCall | undefined;
  #answer: Deferred<unknown> | undefined;
  #exchange: SessionExchange | undefined;
  /** Why it was ended. */
  failure: Error | undefined;

  constructor(
    clock: Clock,
    options: Pick<RunOptions, 'signal' | 'abortsAs'> & { readonly totalMs: number },
  ) {
    const { totalMs, signal, abortsAs } = options;
    this.#signal = signal;
    this.#asReason = abortsAs === 'reason';
    if (totalMs > 0) this.#timer = clock.callLater(totalMs, () => this.#end(late(totalMs)));
    if (signal?.aborted) this.#aborted();
    else signal?.addEventListener('abort', this.#aborted);
  }

  /** While there is no response, this is cancelled. */
  waitsFor(answer: Deferred<unknown>): void {
    this.#answer = answer;
    if (this.failure) answer.cancel(this.failure);
  }

  /** From the response on, this is aborted. */
  reads(exchange: SessionExchange): void {
    this.#answer = undefined;
    this.#exchange = exchange;
  }

  over(): void {
    this.#timer?.cancel();
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#exchange = undefined;
  }

  #end(why: Error): void {
    this.failure ??= why;
    this.#answer?.cancel(this.failure);
    this.#exchange?.abort(this.failure);
  }
}

function late(totalMs: number): HttpRequestError {
  const text = `Cannot complete the request within ${totalMs} ms`;
  return new HttpRequestError('HAWSER_HTTP_TIMEOUT', text, { phase: 'body' });
}
