import type { Deferred } from './deferred.ts';
import { DeferredSemaphore } from './deferred-semaphore.ts';

/** Options for {@link DeferredLock}. */
export interface DeferredLockOptions {
  /** How many may wait for it. @defaultValue 10_000 */
  readonly maxWaiting?: number | undefined;
}

/** Lets one holder in at a time, and the others in the order they came: a {@link DeferredSemaphore} with one token. */
export class DeferredLock {
  readonly #semaphore: DeferredSemaphore;

  constructor(options: DeferredLockOptions = {}) {
    this.#semaphore = new DeferredSemaphore({ tokens: 1, maxWaiting: options.maxWaiting });
  }

  get locked(): boolean {
    return this.#semaphore.free === 0;
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#semaphore.waiting;
  }

  /** As {@link DeferredSemaphore.acquire}. */
  acquire(): Deferred<Disposable> {
    return this.#semaphore.acquire();
  }

  /** As {@link DeferredSemaphore.run}. */
  run<T>(work: () => T | PromiseLike<T>): Deferred<T> {
    return this.#semaphore.run(work);
  }
}
