import type { Deferred } from './deferred.ts';

/**
 * Cancels `deferred` when `signal` is aborted, at once if it is already; the signal's reason is the `cause`. Use the
 * deferred it gives: the listener is gone when that one settles. Without a signal it is `deferred` itself.
 */
export function withSignal<T>(deferred: Deferred<T>, signal: AbortSignal | undefined): Deferred<T> {
  if (!signal) return deferred;
  const aborted = (): void => deferred.cancel(signal.reason);
  if (signal.aborted) {
    aborted();
    return deferred;
  }
  signal.addEventListener('abort', aborted);
  return deferred.addBoth((outcome) => {
    signal.removeEventListener('abort', aborted);
    if (outcome.state === 'rejected') throw outcome.error;
    return outcome.value;
  });
}
