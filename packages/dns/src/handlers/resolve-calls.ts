// Calls of a function that may take its time: not too many at once, none for ever.
import { type Reactor, TimeoutError } from '@hawser/core';
import type { Eventually } from '../contract/handler.ts';
import { WaitLines } from './wait-line.ts';

/** What runs: how long it is awaited, and who hears that it is not any more. */
export interface CallOptions {
  readonly reactor: Reactor;
  /** For messages: the name asked about. */
  readonly what: string;
  readonly abort: (reason: unknown) => void;
}

/** How long a call counts that nobody awaits any more: it still costs somebody something, but some never end. */
const ABANDONED_MS = 60_000;

/** Counts and ends calls. */
export class ResolveCalls {
  readonly #timeoutMs: number;
  readonly #max: number;
  readonly #lines: WaitLines;
  /** Calls that took too long, by what tells them apart, with when they count no more. The oldest first. */
  readonly #abandoned = new Map<object, number>();
  #awaited = 0;
  #overloaded = false;

  constructor({ timeoutMs, max }: { readonly timeoutMs: number; readonly max: number }) {
    this.#timeoutMs = timeoutMs;
    this.#max = max;
    this.#lines = new WaitLines(timeoutMs);
  }

  /** Calls that run, those included that nobody has awaited for less than a minute. */
  running({ clock }: Pick<Reactor, 'clock'>): number {
    if (this.#abandoned.size > 0) this.#forget(clock.now());
    return this.#awaited + this.#abandoned.size;
  }

  /** What `call` gives. Rejects with TimeoutError `HAWSER_TIMEOUT` when it takes too long. */
  run<T>(call: () => Eventually<T>, options: CallOptions): Eventually<T> {
    const result = call();
    return isPromise(result) ? this.within(result, options) : result;
  }

  /** What `call`, which was made just now, gives. Rejects as {@link run}. */
  within<T>(call: PromiseLike<T>, options: CallOptions): Promise<T> {
    const { reactor, what, abort } = options;
    // Query builders are thenables that run the query again for each `then`.
    const work = Promise.resolve(call);
    const line = this.#lines.of(reactor.clock);
    this.#awaited++;
    return new Promise((resolve, reject) => {
      const wait = line.add(() => {
        this.#awaited--;
        this.#abandoned.set(wait, reactor.clock.now() + ABANDONED_MS);
        const error = new TimeoutError(`Cannot resolve "${what}" within ${this.#timeoutMs} ms`);
        reject(error);
        abort(error);
      });
      const done = (): void => {
        if (line.remove(wait)) this.#awaited--;
        else this.#abandoned.delete(wait);
        if (this.#awaited + this.#abandoned.size < this.#max / 2) this.#overloaded = false;
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

  #forget(now: number): void {
    for (const [call, until] of this.#abandoned) {
      if (until > now) return;
      this.#abandoned.delete(call);
    }
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
