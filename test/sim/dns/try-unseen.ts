import { isEqual, type Trial, within } from './trial.ts';

/** A server looks again one second after its disk failed, and waits somewhat before it tells; so does who is told. */
const TOLD_MS = 6_000;
/** An update may come over a connection that was lost and does not know. */
const MAX_TRIES = 5;

/**
 * The disk of a server writes a change and says that it did not: what is there is found, and told to all, long before they look by
 * themselves.
 */
export async function tryUnseen(trial: Trial): Promise<void> {
  const { sim, watch, primary, copies, client } = trial;
  for (const { host, disk } of [primary, ...copies]) {
    const before = primary.zone?.serial;
    const isTold = (): boolean => primary.zone?.serial !== before && isEqual(trial);
    disk.losesNextOutcome = true;
    for (let tries = 0; tries < MAX_TRIES && disk.losesNextOutcome; tries++) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      if (await sim.settled.until(() => client.changeOnce('primary'))) break;
    }
    // oxlint-disable-next-line no-await-in-loop
    if (!(await within(trial, TOLD_MS, isTold)))
      watch.broken.push(`not all hear of what ${host.name} has stored and did not see`);
    if (disk.losesNextOutcome) watch.broken.push(`${host.name} has stored nothing`);
    watch.check();
  }
}
