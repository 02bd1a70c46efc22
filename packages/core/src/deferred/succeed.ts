import { Deferred } from './deferred.ts';

/** A {@link Deferred} that is fulfilled already. */
export function succeed(): Deferred<void>;
export function succeed<T>(value: T): Deferred<T>;
export function succeed(value?: unknown): Deferred<unknown> {
  const deferred = new Deferred<unknown>();
  deferred.resolve(value);
  return deferred;
}
