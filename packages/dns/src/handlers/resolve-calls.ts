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
    if (!isPromise(result)) return result;
    // Query builders are thenables that run the query again for each `then`.
    const promise = Promise.resolve(result);
    this.#running++;
    const done = (): void => {
      this.#running--;
      if (this.#running < this.#max / 2) this.#overloaded = false;
    };
    promise.then(done, done);
    return this.#within(promise, options);
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

  #within<T>(work: Promise<T>, { reactor, what, abort }: CallOptions): Promise<T> {
    const ms = this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const timer = reactor.clock.callLater(ms, () => {
        const error = new TimeoutError(`Cannot resolve "${what}" within ${ms} ms`);
        reject(error);
        abort(error);
      });
      work.then(resolve, reject).then(
        () => timer.cancel(),
        () => timer.cancel(),
      );
    });
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
