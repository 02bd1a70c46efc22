import type { Deferred } from './deferred.ts';

/**
 * A signal that is aborted when `deferred` is cancelled, runs into a timeout or fails: for work behind it that takes a
 * signal. The reason is the error of the deferred. It is never aborted once the deferred has its value. Whoever has
 * the signal knows of the failure, so asking for it counts as handling one.
 *
 * @example
 * const answer = new Deferred<Response>();
 * answer.resolve(fetch(url, { signal: signalOf(answer) }));
 */
export function signalOf(deferred: Deferred<unknown>): AbortSignal {
  const controller = new AbortController();
  void deferred.addErrback((error) => controller.abort(error));
  return controller.signal;
}
