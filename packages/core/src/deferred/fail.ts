import { Deferred, type DeferredOptions } from './deferred.ts';

/** A {@link Deferred} that is rejected already. */
export function fail<T = never>(error: unknown, options?: DeferredOptions): Deferred<T> {
  const deferred = new Deferred<T>(options);
  deferred.reject(error);
  return deferred;
}
