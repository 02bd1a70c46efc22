import { Deferred, type DeferredOptions } from './deferred.ts';

/**
 * A {@link Deferred} that follows `promise`. A promise cannot be cancelled: give a `canceller` that ends the work, or
 * `cancel` only stops waiting for it.
 */
export function fromPromise<T>(promise: PromiseLike<T>, options?: DeferredOptions): Deferred<T> {
  const deferred = new Deferred<T>(options);
  deferred.resolve(promise);
  return deferred;
}
