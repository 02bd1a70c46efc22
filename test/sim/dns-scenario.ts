// A zone on a primary that clients update (RFC 2136), and two copies of it, one of which may be made from the other. Every host
// crashes and comes back with what its disk has; the network between them is bad, and their clocks are set.
//
// Invariants: an update that was acknowledged is never lost, and can be seen at once; a serial never goes back and never stands
// for two contents; a copy has at every moment exactly what the primary had with that serial, however it got it. In the end
// everybody has the same, and the changes from every serial lead to it.
import type { Simulation } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import { unleashDnsFaults } from './dns-faults.ts';
import { Copy, type Planted, Primary, Updater } from './dns-hosts.ts';
import { DnsWatch } from './dns-watch.ts';

const WEATHER_MS = 25_000;
const PATIENCE_MS = 200_000;

/** What was done, for a test of the scenario itself. */
export interface DnsSummary {
  readonly acknowledged: number;
  readonly doubtful: number;
  readonly whole: number;
  readonly changes: number;
  readonly crashes: number;
}

/** Runs it, and throws at the first invariant that does not hold. */
export async function dnsScenario(sim: Simulation, planted: Planted = {}): Promise<DnsSummary> {
  const random = new SeededRandom(sim.seed * 31);
  const [primaryHost, ...copyHosts] = sim.hosts('primary', 'first', 'second');
  const clientHosts = sim.hosts('one', 'two');
  const watch = new DnsWatch();
  const addresses = copyHosts.map((host) => host.addresses[0] ?? '');
  const primary = new Primary(primaryHost, watch, { random, planted, addresses });
  const origin = primaryHost.addresses[0] ?? '';
  const copies = copyHosts.map((host, index) => {
    const primaries = index === 0 ? [origin] : [origin, addresses[0] ?? ''];
    return new Copy(host, watch, { random, primaries, next: addresses.slice(index + 1) });
  });
  const clients = clientHosts.map((host) => new Updater(host, watch, { primary, copies, random }));
  const all = [primary, ...copies, ...clients];
  let crashes = 0;
  for (const each of all) each.boot();
  unleashDnsFaults(sim, {
    hosts: all.map(({ host }) => host),
    untilMs: WEATHER_MS,
    reboot: (host) => {
      crashes += 1;
      all.find((each) => each.host === host)?.boot();
    },
  });
  await sim.settled.elapse(WEATHER_MS);
  for (const client of clients) client.finish();
  const giveUpAt = sim.now() + PATIENCE_MS;
  const isOver = (): boolean =>
    primary.zone !== undefined &&
    clients.every(({ resting }) => resting) &&
    copies.every(({ zone }) => zone?.snapshot?.serial === primary.zone?.serial);
  while (!isOver()) {
    watch.check();
    if (sim.now() >= giveUpAt) {
      const serials = [primary, ...copies].map(({ zone }) => zone?.snapshot?.serial).join(', ');
      throw new Error(`The copies are not as the original after ${PATIENCE_MS} ms: ${serials}`);
    }
    // oxlint-disable-next-line no-await-in-loop -- time passes
    await sim.settled.elapse(1_000);
  }
  await sim.settled.until(() => watch.checkEnd(primary, copies));
  await sim.settled.until(() => Promise.all(all.map((each) => each.stop())));
  await sim.settled.run();
  watch.check();
  sim.assertNoLeaks();
  const sum = (of: (copy: Copy) => number): number =>
    copies.reduce((total, copy) => total + of(copy), 0);
  return {
    acknowledged: watch.acknowledged,
    doubtful: watch.doubtful,
    whole: sum(({ zone }) => zone?.counters.whole ?? 0),
    changes: sum(({ zone }) => zone?.counters.changes ?? 0),
    crashes,
  };
}
