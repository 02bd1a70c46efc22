// Long work in steps of some microseconds, of which a server must not do a million in one go.
import type { Clock } from '@hawser/core';
import type { InTurns } from './contract/live-zone.ts';

/** Steps before others get their turn: two milliseconds, or some more on a slow machine. */
const SLICE = 500;

/** Whose turns they are. */
interface Turns {
  readonly clock: Pick<Clock, 'callSoon'>;
}

/**
 * For long work that comes one after the other, such as all of one change: each has only what the one before left of the turn.
 */
export function turnsOf({ clock }: Turns): InTurns {
  let left = SLICE;
  return async (steps) => {
    for (;;) {
      if (left <= 0) {
        // oxlint-disable-next-line no-await-in-loop -- this is the turn of others
        await new Promise<void>((resume) => {
          clock.callSoon(resume);
        });
        left = SLICE;
      }
      const step = steps.next();
      if (step.done === true) return step.value;
      left -= typeof step.value === 'number' ? step.value : 1;
    }
  };
}

/**
 * Takes `steps` to their end and lets others have their turn now and then. A step that yields a number counts as so many.
 * What they throw rejects.
 */
export async function inTurns<T>(steps: Iterator<unknown, T, void>, turns: Turns): Promise<T> {
  return turnsOf(turns)(steps);
}

/** Takes `steps` to their end at once. */
export function atOnce<T>(steps: Iterator<unknown, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
