// Long work in steps of some microseconds, of which a server must not do a million in one go.
import type { Clock } from '@hawser/core';

/** Steps before others get their turn: two milliseconds, or some more on a slow machine. */
const SLICE = 500;

/**
 * Takes `steps` to their end and lets others have their turn now and then. A step that yields a number counts as so many.
 * What they throw rejects.
 */
export async function inTurns<T>(
  steps: Iterator<unknown, T, void>,
  { clock }: { readonly clock: Pick<Clock, 'callSoon'> },
): Promise<T> {
  for (let left = SLICE; ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    left -= typeof step.value === 'number' ? step.value : 1;
    if (left > 0) continue;
    left = SLICE;
    // oxlint-disable-next-line no-await-in-loop -- this is the turn of others
    await new Promise<void>((resume) => {
      clock.callSoon(resume);
    });
  }
}

/** Takes `steps` to their end at once. */
export function atOnce<T>(steps: Iterator<unknown, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
