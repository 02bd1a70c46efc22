// Calls of a function that may take its time: not too many at once, none for ever.
import { type Reactor, TimeoutError } from '@hawser/core';
import type { Eventually } from '../contract/handler.ts';

/** What runs: how long it is awaited, and who hears that it is not any more. */
export interface CallOptions {
  readonly reactor: Reactor;
  /** For messages: the name asked about. */
  readonly what: string;
  readonly abort: (reason: unknown) => void;
}

/** Counts and ends calls. */
export class ResolveCalls {
  readonly #timeoutMs: number;
  readonly #max: number;
  #running = 0;
  #overloaded = false;

  constructor({ timeoutMs, max }: { readonly timeoutMs: number; readonly max: number }) {
    this.#timeoutMs = timeoutMs;
    this.#max = max;
  }

  /** Calls that run, those that nobody awaits any more included: they still cost somebody something. */
  get running(): number {
    return this.#running;
  }

  /** What `call` gives. Rejects with TimeoutError `HAWSER_TIMEOUT` when it takes too long. */
  run<T>(call: () => Eventually<T>, options: CallOptions): Eventually<T> {
    const result = call();
    return isPromise(result) ? this.within(result, options) : result;
  }

  /** What `call`, which was made just now, gives. Rejects as {@link run}. */
  within<T>(call: PromiseLike<T>, options: CallOptions): Promise<T> {
    const { reactor, what, abort } = options;
    const ms = this.#timeoutMs;
    // Query builders are thenables that run the query again for each `then`.
    const work = Promise.resolve(call);
    this.#running++;
    return new Promise((resolve, reject) => {
      const timer = reactor.clock.callLater(ms, () => {
        const error = new TimeoutError(`Cannot resolve "${what}" within ${ms} ms`);
        reject(error);
        abort(error);
      });
      const done = (): void => {
        timer.cancel();
        this.#running--;
        if (this.#running < this.#max / 2) this.#overloaded = false;
      };
      work.then(
        (value) => {
          done();
          resolve(value);
        },
        (error: unknown) => {
          done();
          reject(error);
        },
      );
    });
  }

  /** There are too many. Reported once until the load is down again: a report for each query would be a second attack. */
  overload({ reactor, what }: Pick<CallOptions, 'reactor' | 'what'>): void {
    if (this.#overloaded) return;
    this.#overloaded = true;
    const why = `more than ${this.#max} lookups are running`;
    reactor.reports.problem(
      'dns.resolve',
      new TimeoutError(`Cannot ask about "${what}" as ${why}`),
    );
  }
}

/** A promise, or anything else with `then`. */
export function isPromise<T>(value: Eventually<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
