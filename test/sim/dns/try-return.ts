import { cutOff, isEqual, type Trial, within } from './trial.ts';

/** Nobody repeats a notice for longer. */
const GIVEN_UP_MS = 46_000;
/** Some looks fail meanwhile. */
const FAILING_MS = 8_000;
/** A look that fails takes up to six seconds, and RETRY is one. */
const BACK_MS = 10_000;

/**
 * A copy asks in vain until nobody tells it any more what it missed: it has that soon after it is let through, as it tries again
 * as often as RETRY says. REFRESH is an hour.
 */
export async function tryReturn(trial: Trial): Promise<void> {
  const { sim, random, watch, copies, client, restart } = trial;
  const copy = copies[Math.floor(random.float() * copies.length)];
  if (copy === undefined) return;
  // Who is told of nothing asks when it starts.
  const starts = random.float() < 0.5;
  const cut = cutOff(trial, copy, starts && random.float() < 0.5 ? 'both' : 'asking');
  await sim.settled.until(() => client.changeOnceMore('primary'));
  await sim.settled.elapse(GIVEN_UP_MS);
  if (starts) await restart(copy.host);
  await sim.settled.elapse(FAILING_MS * (1 + random.float() / 2));
  if (isEqual(trial)) watch.broken.push(`${copy.host.name} is not cut off`);
  cut[Symbol.dispose]();
  if (!(await within(trial, BACK_MS, () => isEqual(trial))))
    watch.broken.push(`${copy.host.name} has not what it missed within ${BACK_MS} ms`);
  watch.check();
}
