import { CancelledError } from '../errors.ts';
import { Deferred, type DeferredOptions } from './deferred.ts';
import { fail } from './fail.ts';
import { fromPromise } from './from-promise.ts';
import { isThenable } from './is-thenable.ts';

/**
 * A function whose body waits with `yield`, in the turn that settles what it waits for: an `async` function that can be
 * cancelled and needs no microtask. `yield` takes a deferred or a promise and throws its error; `yield*` on a deferred
 * knows the type of the value. Anything else is given back as it is.
 *
 * Cancelling the result cancels what the body waits for, so that the `yield` throws a `CancelledError`. The body may
 * clean up and return another result, as long as it does so at once: when it waits again, the result is cancelled and
 * the body goes on by itself. What it throws then goes to `reports`.
 *
 * @example
 * const greet = inlineCallbacks(function* (host: string) {
 *   const [address] = yield* resolver.lookup(host);
 *   return `${host} is ${address?.host}`;
 * });
 */
export function inlineCallbacks<A extends readonly unknown[], T>(
  body: (...args: A) => Generator<unknown, T, unknown>,
  options: Pick<DeferredOptions, 'reports' | 'where'> = {},
): (...args: A) => Deferred<T> {
  const { where = body.name || 'inlineCallbacks', reports } = options;
  return (...args) => {
    const run = new Run(body(...args), { where, reports });
    run.step({ state: 'fulfilled', value: undefined });
    return run.result;
  };
}

type Outcome =
  | { readonly state: 'fulfilled'; readonly value: unknown }
  | { readonly state: 'rejected'; readonly error: unknown };

/** One call of the body. */
class Run<T> {
  readonly result: Deferred<T>;
  readonly #generator: Generator<unknown, T, unknown>;
  readonly #options: Pick<DeferredOptions, 'reports' | 'where'>;
  #waitingFor: Deferred<unknown> | undefined;
  /** The body cancelled itself while it ran; its next `yield` throws this. */
  #cancelledBy: CancelledError | undefined;

  constructor(
    generator: Generator<unknown, T, unknown>,
    options: Pick<DeferredOptions, 'reports' | 'where'>,
  ) {
    this.#generator = generator;
    this.#options = options;
    this.result = new Deferred<T>({
      ...options,
      canceller: (reason) => {
        if (this.#waitingFor) this.#waitingFor.cancel(reason);
        else this.#cancelledBy = reason;
      },
    });
  }

  /** Goes on until the body waits for something that is not known yet. A loop: what is known costs no stack. */
  step(outcome: Outcome): void {
    let next = outcome;
    for (;;) {
      let yielded: IteratorResult<unknown, T>;
      try {
        yielded =
          next.state === 'fulfilled'
            ? this.#generator.next(next.value)
            : this.#generator.throw(next.error);
      } catch (thrown) {
        this.#failed(thrown);
        return;
      }
      if (yielded.done) {
        this.result.resolve(yielded.value);
        return;
      }
      const waitingFor = asDeferred(yielded.value);
      if (this.#cancelledBy) {
        waitingFor?.cancel(this.#cancelledBy);
        next = { state: 'rejected', error: this.#cancelledBy };
        this.#cancelledBy = undefined;
        continue;
      }
      const known = waitingFor?.peek() ?? { state: 'fulfilled', value: yielded.value };
      if (known.state === 'pending') {
        this.#waitFor(waitingFor as Deferred<unknown>);
        return;
      }
      // It has been looked at: nobody needs to report it.
      if (known.state === 'rejected') void waitingFor?.addErrback(() => undefined);
      next = known;
    }
  }

  #waitFor(deferred: Deferred<unknown>): void {
    this.#waitingFor = deferred;
    void deferred.addBoth((outcome) => {
      this.#waitingFor = undefined;
      this.step(outcome);
    });
  }

  #failed(error: unknown): void {
    const { reports, where = 'inlineCallbacks' } = this.#options;
    // The result is gone when it was cancelled, and nobody else will hear of this. Who cancelled knows of that.
    if (this.result.peek().state === 'pending') this.result.reject(error);
    else if (!(error instanceof CancelledError)) reports?.problem(where, error);
  }
}

function asDeferred(value: unknown): Deferred<unknown> | undefined {
  if (value instanceof Deferred) return value;
  try {
    return isThenable(value) ? fromPromise(value) : undefined;
  } catch (thrown) {
    return fail(thrown);
  }
}
