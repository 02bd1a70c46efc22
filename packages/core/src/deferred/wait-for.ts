import { Deferred } from './deferred.ts';

/**
 * A wait for `source` that is nobody else's: cancelling it, or a timeout, ends the wait, and leaves `source` alone. For an
 * answer that several wait for, and the work behind it goes on.
 */
export function waitFor<T>(source: Deferred<T>): Deferred<T> {
  const waiting = new Deferred<T>();
  void source.addBoth((outcome) => {
    if (outcome.state === 'fulfilled') waiting.resolve(outcome.value);
    else waiting.reject(outcome.error);
  });
  return waiting;
}
