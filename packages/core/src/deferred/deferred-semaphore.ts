import { disposeOnce } from '../dispose-once.ts';
import { ConnectionError } from '../errors.ts';
import { Deferred } from './deferred.ts';
import { fail } from './fail.ts';
import { fromPromise } from './from-promise.ts';
import { isThenable } from './is-thenable.ts';
import { succeed } from './succeed.ts';

/** Options for {@link DeferredSemaphore}. */
export interface DeferredSemaphoreOptions {
  /** How many may hold it at a time. */
  readonly tokens: number;
  /** How many may wait for it. @defaultValue 10_000 */
  readonly maxWaiting?: number | undefined;
}

/** Lets a number of holders in at a time, and the others in the order they came. */
export class DeferredSemaphore {
  readonly #maxWaiting: number;
  #free: number;
  readonly #waiting = new Set<Deferred<Disposable>>();
  #lettingIn = false;

  constructor(options: DeferredSemaphoreOptions) {
    const { tokens, maxWaiting = 10_000 } = options;
    if (!(tokens >= 1)) {
      throw new RangeError(`Cannot make a semaphore as tokens must be 1 or more: ${tokens}`);
    }
    this.#free = tokens;
    this.#maxWaiting = maxWaiting;
  }

  /** Tokens that nobody holds. */
  get free(): number {
    return this.#free;
  }

  /** How many wait for a token. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a token; dispose it to give it to the next. Cancelling leaves the line.
   * @throws ConnectionError `HAWSER_QUEUE` when `maxWaiting` wait already
   */
  acquire(): Deferred<Disposable> {
    if (this.#free > 0 && this.#waiting.size === 0) {
      this.#free -= 1;
      return succeed(this.#token());
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      throw new ConnectionError(
        'HAWSER_QUEUE',
        `Cannot wait for a token as too many do: ${this.#waiting.size}`,
      );
    }
    const waiter: Deferred<Disposable> = new Deferred<Disposable>({
      canceller: () => this.#waiting.delete(waiter),
      where: 'semaphore.acquire',
    });
    this.#waiting.add(waiter);
    return waiter;
  }

  /**
   * Calls `work` with a token, and gives its result. The token is held until the work has ended: a promise cannot be
   * cancelled, so cancelling stops waiting for it but does not let the next one in before it settles.
   * @throws ConnectionError `HAWSER_QUEUE` when `maxWaiting` wait already
   */
  run<T>(work: () => T | PromiseLike<T>): Deferred<T> {
    return this.acquire().addCallback((token) => holdWhile(token, work));
  }

  #token(): Disposable {
    return disposeOnce(() => {
      this.#free += 1;
      this.#letIn();
    });
  }

  /** A loop: who is let in may be done at once and give the token back, ten thousand times in a row. */
  #letIn(): void {
    if (this.#lettingIn) return;
    this.#lettingIn = true;
    for (const next of this.#waiting) {
      if (this.#free === 0) break;
      this.#free -= 1;
      this.#waiting.delete(next);
      next.resolve(this.#token());
    }
    this.#lettingIn = false;
  }
}

function holdWhile<T>(token: Disposable, work: () => T | PromiseLike<T>): Deferred<T> {
  const release = (): void => token[Symbol.dispose]();
  try {
    const result = work();
    if (result instanceof Deferred) {
      void result.addBoth(release);
      return result;
    }
    if (isThenable(result)) {
      // Once, as a thenable may begin its work anew each time it is asked.
      const promise = Promise.resolve(result);
      void promise.then(release, release);
      return fromPromise(promise);
    }
    release();
    return succeed(result);
  } catch (thrown) {
    release();
    return fail(thrown);
  }
}
