import { Deferred } from './deferred.ts';

/**
 * Settles with the reason of `signal` once that is aborted, at once if it is already. Cancel it when it is of no use any
 * more: that removes its listener from a signal that may live long.
 */
export function fromSignal(signal: AbortSignal): Deferred<unknown> {
  const aborted = (): void => deferred.resolve(signal.reason);
  const deferred = new Deferred<unknown>({
    canceller: () => signal.removeEventListener('abort', aborted),
    where: 'fromSignal',
  });
  if (signal.aborted) aborted();
  else signal.addEventListener('abort', aborted, { once: true });
  return deferred;
}
