import type { Clock } from '../contract/clock.ts';
import { Deferred } from './deferred.ts';

/**
 * Settles after `ms` milliseconds on `clock`; cancelling it removes the timer. To call something later and have its
 * result, chain it: `delay(50, clock).addCallback(work)`.
 */
export function delay(ms: number, clock: Pick<Clock, 'callLater'>): Deferred<void> {
  const later = new Deferred<void>({ canceller: () => timer.cancel(), where: 'delay' });
  const timer = clock.callLater(ms, () => later.resolve());
  return later;
}
