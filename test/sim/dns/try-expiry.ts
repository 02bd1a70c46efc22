import { type DnsClient, Rcode, Type } from '@hawser/dns';
import type { Copy } from './copy.ts';
import { ZONE } from './key.ts';
import { timersOf } from './traits.ts';
import { cutOff, isEqual, type Trial, within } from './trial.ts';

/** What was on its way, and what is rounded. */
const SLACK_MS = 500;
/** A copy that asks in vain waits so long for an answer, and then for as long as RETRY says. */
const BACK_MS = 10_000;

/**
 * A copy hears of nobody any more: for as long as the zone says it answers, and then neither it does nor who copies from it. It need
 * not live all that time to know.
 */
export async function tryExpiry(trial: Trial): Promise<void> {
  const { sim, random, watch, traits, copies, judge, restart } = trial;
  const { refresh, expire } = timersOf(traits);
  const at = Math.floor(random.float() * copies.length);
  const alone = copies[at];
  if (alone === undefined) return;
  const cutAt = sim.now();
  const cut = cutOff(trial, alone);
  const until = (ms: number): Promise<void> => sim.settled.elapse(cutAt + ms - sim.now());
  await until(random.float() * refresh * 1_000);
  if (random.float() < 0.5) await restart(alone.host);
  await until((expire - refresh) * 1_000 - SLACK_MS);
  // Of a copy of a copy nobody knows how old what it heard was.
  if (at === 0 && alone.zone?.snapshot === undefined)
    watch.broken.push(`${alone.host.name} gives up before its time`);
  await until(expire * 1_000 + SLACK_MS);
  const dependent = at === 1 ? copies.slice(1) : [alone];
  for (const copy of dependent) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const rcode = await sim.settled.until(() => rcodeOf(judge, copy));
    if (rcode !== Rcode.ServFail)
      watch.broken.push(`${copy.host.name} answers after its time, with response code ${rcode}`);
  }
  cut[Symbol.dispose]();
  if (!(await within(trial, BACK_MS, () => isEqual(trial))))
    watch.broken.push(`${alone.host.name} is not good again within ${BACK_MS} ms`);
  watch.check();
}

async function rcodeOf(client: DnsClient, { address }: Copy): Promise<number> {
  const { rcode } = await client.exchange({ name: ZONE, type: Type.SOA }, address);
  return rcode;
}
