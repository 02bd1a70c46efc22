import { Deferred, type DeferredOptions } from './deferred.ts';
import { fromPromise } from './from-promise.ts';

/**
 * Waits for the first that succeeds, gives its value and cancels the others. Rejects with an `AggregateError` of all
 * errors, in the order of `inputs`, when none succeeds. Cancelling it cancels all.
 */
export function firstOf<T>(
  inputs: readonly PromiseLike<T>[],
  options: Pick<DeferredOptions, 'reports' | 'where'> = {},
): Deferred<T> {
  const parts = inputs.map((input) => (input instanceof Deferred ? input : fromPromise(input)));
  const errors: unknown[] = parts.map(() => undefined);
  let cancelled = false;
  const first = new Deferred<T>({
    ...options,
    canceller(reason) {
      cancelled = true;
      cancelParts(reason);
    },
  });
  let missing = parts.length;
  if (missing === 0) allFailed();

  parts.forEach((part, index) => {
    void part.addBoth((outcome) => {
      if (outcome.state === 'fulfilled') {
        first.resolve(outcome.value);
        cancelParts('Another one was first');
        return;
      }
      errors[index] = outcome.error;
      missing -= 1;
      // Who cancelled gets the cancellation back, not the failures it caused.
      if (missing === 0 && !cancelled) allFailed();
    });
  });
  return first;

  function allFailed(): void {
    const message = `Cannot get a first result as all of ${parts.length} failed`;
    first.reject(new AggregateError(errors, message));
  }

  function cancelParts(reason: unknown): void {
    for (const part of parts) part.cancel(reason);
  }
}
