// What has to happen within a certain time when the weather is good, and only one thing is wrong.
import type { SimHost, Simulation } from '@hawser/core';
import type { SeededRandom } from '@hawser/core/testing';
import type { DnsClient } from '@hawser/dns';
import type { Copy } from './copy.ts';
import type { Primary } from './primary.ts';
import type { Traits } from './traits.ts';
import type { Updater } from './updater.ts';
import type { DnsWatch } from './watch.ts';

/** A world where everybody has the same, and nobody changes anything by himself. */
export interface Trial {
  readonly sim: Simulation;
  readonly random: SeededRandom;
  readonly watch: DnsWatch;
  readonly traits: Traits;
  readonly primary: Primary;
  readonly copies: readonly Copy[];
  readonly client: Updater;
  readonly judge: DnsClient;
  /** A crash, and what comes after it. */
  readonly restart: (host: SimHost) => Promise<void>;
}

const STEP_MS = 250;

/** Lets time pass until it is so. False if that takes longer than `ms`. */
export async function within(
  { sim }: Pick<Trial, 'sim'>,
  ms: number,
  isSo: () => boolean,
): Promise<boolean> {
  const until = sim.now() + ms;
  while (!isSo()) {
    if (sim.now() >= until) return false;
    // oxlint-disable-next-line no-await-in-loop -- time passes
    await sim.settled.elapse(STEP_MS);
  }
  return true;
}

/** Everybody has what the original has. */
export function isEqual({ primary, copies }: Pick<Trial, 'primary' | 'copies'>): boolean {
  const serial = primary.zone?.serial;
  return serial !== undefined && copies.every(({ zone }) => zone?.snapshot?.serial === serial);
}

/** Lets nothing pass between a copy and all it copies from, or nothing from the copy alone. */
export function cutOff(
  { sim, primary, copies }: Pick<Trial, 'sim' | 'primary' | 'copies'>,
  copy: Copy,
  direction: 'both' | 'asking' = 'both',
): Disposable {
  const sources = [primary, ...copies].filter(({ address }) => copy.sources.includes(address));
  const cuts = sources.map(({ host }) =>
    direction === 'both' ? sim.partition(copy.host, host) : sim.partitionOneWay(copy.host, host),
  );
  return {
    [Symbol.dispose]: () => {
      for (const cut of cuts) cut[Symbol.dispose]();
    },
  };
}
