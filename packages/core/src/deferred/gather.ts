import { Deferred, type DeferredOptions } from './deferred.ts';
import { fromPromise } from './from-promise.ts';

/**
 * Waits for all and gives their values in order. When one fails, the others are cancelled and the gathering rejects
 * with that error at once. Cancelling it cancels all.
 */
export function gather<const T extends readonly unknown[]>(
  inputs: readonly [...{ [K in keyof T]: PromiseLike<T[K]> }],
  options: Pick<DeferredOptions, 'reports' | 'where'> = {},
): Deferred<T> {
  const parts = inputs.map((input) => (input instanceof Deferred ? input : fromPromise(input)));
  const values: unknown[] = parts.map(() => undefined);
  const all = new Deferred<T>({ ...options, canceller: cancelParts });
  let missing = parts.length;
  if (missing === 0) all.resolve(values as unknown as T);

  parts.forEach((part, index) => {
    void part.addBoth((outcome) => {
      if (outcome.state === 'rejected') {
        all.reject(outcome.error);
        cancelParts(outcome.error);
        return;
      }
      values[index] = outcome.value;
      missing -= 1;
      if (missing === 0) all.resolve(values as unknown as T);
    });
  });
  return all;

  function cancelParts(reason: unknown): void {
    for (const part of parts) part.cancel(reason);
  }
}
