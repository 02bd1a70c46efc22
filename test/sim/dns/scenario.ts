// A zone on a primary that clients update (RFC 2136), and three copies of it, one of which is made from another. Every host
// crashes and comes back with what its disk has, and servers are stopped; the network between them is bad, their transfers are cut,
// their disks fail in every way, and their clocks are set. When the weather is good again, one thing after the other goes wrong alone.
//
// Invariants: an update that was acknowledged is never lost, and can be seen at once; one that was refused is never seen, and none
// by half. A serial never goes back for anybody, and never stands for two contents. A copy has at every moment exactly what the
// primary had with that serial, however it got it, and answers no longer than it may, nor its copies. Nothing waits for ever. What
// is stopped leaves no timer and no port. What a server has stored and did not see is told to all, and a copy that asked in vain has
// what it missed soon after it can ask again, long before REFRESH. In the end everybody has the same, served and stored, and the
// changes from every serial lead to it. Nobody reports anything but disks.
import type { SimHost, Simulation } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import { DnsClient, type DnsHandler, Opcode, StoreError } from '@hawser/dns';
import { checkEnd, checkSignatures } from './check-end.ts';
import { Copy } from './copy.ts';
import { Freshness } from './freshness.ts';
import { HostileDisk, isOfDisk } from './hostile-disk.ts';
import type { Planted } from './planted.ts';
import { Primary } from './primary.ts';
import { Repeater } from './repeater.ts';
import { type Traits, timersOf, traitsOf } from './traits.ts';
import { isEqual, type Trial } from './trial.ts';
import { tryExpiry } from './try-expiry.ts';
import { tryReturn } from './try-return.ts';
import { tryStop } from './try-stop.ts';
import { tryUnseen } from './try-unseen.ts';
import { Updater } from './updater.ts';
import { DnsWatch } from './watch.ts';
import { unleash } from './weather.ts';

const WEATHER_MS = 25_000;
/** Long enough for what is served to be no good any more. */
const ISOLATED_WEATHER_MS = 40_000;
/** Leases end late where a clock was set while they were given. */
const PATIENCE_MS = 400_000;
/** Until the last datagram was repeated. */
const REPEATED_UNTIL_MS = 110_000;
/** Until the last connection is gone after everything was stopped. */
const GONE_MS = 2_100;
/** A message of a transfer takes five seconds at most, and a write to a slow disk three. */
const SLACK_MS = 9_000;
const LARGE_SLACK_MS = 24_000;

/** What was done, for a test of the scenario itself. */
export interface DnsSummary {
  readonly acknowledged: number;
  readonly doubtful: number;
  readonly refused: number;
  readonly compared: number;
  readonly increments: number;
  readonly whole: number;
  readonly changes: number;
  readonly crashes: number;
  /** Servers that an operator stopped, and connections that were cut. */
  readonly stopped: number;
  readonly cut: number;
  readonly repeated: number;
  /** Writes that failed, and those of which nobody knew. */
  readonly failed: number;
  readonly unknown: number;
}

/** Runs it, and throws at the first invariant that does not hold. */
export async function dnsScenario(sim: Simulation, planted: Planted = {}): Promise<DnsSummary> {
  const random = new SeededRandom(sim.seed * 31);
  const traits = traitsOf(sim.seed);
  const weatherMs = traits.isolation ? ISOLATED_WEATHER_MS : WEATHER_MS;
  const freshness = freshnessOf(sim, traits);
  const watch = new DnsWatch(() => sim.now(), freshness);
  let listening = traits.repeater;
  const repeater = new Repeater(sim.host('repeater'), { random, isActive: () => listening });
  const [primaryHost, ...copyHosts] = sim.hosts('primary', 'first', 'second', 'third');
  const [origin = '', first = '', second = '', third = ''] = [primaryHost, ...copyHosts].map(
    ({ addresses }) => addresses[0],
  );
  const listenAt = (host: SimHost): DnsHandler => {
    const overhear = repeater.listenAt(host);
    return (query, next) => {
      const by = 'host' in query.client ? query.client.host : undefined;
      const asking = copyHosts.find(({ addresses }) => addresses[0] === by);
      if (query.opcode === Opcode.Query && asking) freshness?.asked(host.name, asking.name);
      return overhear(query, next);
    };
  };
  const primary = new Primary(primaryHost, {
    watch,
    disk: new HostileDisk({ random, hasty: planted.hastyDisk }),
    traits,
    random,
    copies: [first, second],
    listener: listenAt(primaryHost),
    planted,
  });
  const sources = [[origin], [origin, first], [second]];
  const targets = [[second], [third], []];
  const copies = copyHosts.map((host, at) => {
    const disk = new HostileDisk({ random });
    const listener = listenAt(host);
    const [primaries = [], next = []] = [sources[at], targets[at]];
    return new Copy(host, { watch, disk, traits, primaries, next, listener, planted });
  });
  const clients = sim
    .hosts('one', 'two')
    .map((host) => new Updater(host, { watch, random, primary, copies, leased: traits.leased }));
  const servers = [primary, ...copies];
  const all = [...servers, ...clients];
  let crashes = 0;
  await sim.settled.until(() => repeater.start());
  for (const each of all) each.boot();
  const crashed = (host: SimHost): void => {
    crashes += 1;
    repeater.crashed(host);
  };
  const reboot = (host: SimHost): void => all.find((each) => each.host === host)?.boot();
  const hosts = all.map(({ host }) => host);
  unleash(sim, { hosts, servers, traits, watch, untilMs: weatherMs, crashed, reboot });
  const pass = async (ms: number): Promise<void> => {
    await sim.settled.elapse(ms);
    for (const client of clients) client.checkPatience();
    for (const { host, zone } of copies) if (zone?.snapshot !== undefined) watch.serves(host.name);
    watch.check();
  };
  for (let at = 0; at < weatherMs; at += 1_000) {
    // oxlint-disable-next-line no-await-in-loop -- time passes
    await pass(1_000);
  }
  listening = false;
  primary.skips = false;
  for (const client of clients) client.finish();
  const converged = async (): Promise<void> => {
    const giveUpAt = sim.now() + PATIENCE_MS;
    const isOver = (): boolean =>
      primary.zone?.leases().length === 0 &&
      clients.every(({ resting }) => resting) &&
      isEqual({ primary, copies });
    while (!isOver()) {
      if (sim.now() >= giveUpAt) {
        const serials = servers.map(({ zone }) => zone?.snapshot?.serial).join(', ');
        throw new Error(`The copies are not as the original after ${PATIENCE_MS} ms: ${serials}`);
      }
      // oxlint-disable-next-line no-await-in-loop
      await pass(1_000);
    }
  };
  await converged();
  await sim.settled.until(() => Promise.all(clients.map((client) => client.changeOnceMore())));
  checkSignatures({ watch, traits, primary });
  const restart = async (host: SimHost): Promise<void> => {
    sim.crash(host);
    crashed(host);
    await sim.settled.elapse(300);
    sim.restart(host);
    reboot(host);
  };
  // It had no time to tell anybody.
  await restart(primaryHost);
  await converged();
  if (traits.repeater) await pass(REPEATED_UNTIL_MS);
  const judge = new DnsClient({ reactor: sim.host('judge') });
  const [updater] = clients as [Updater, ...Updater[]];
  const trial: Trial = {
    sim,
    random,
    watch,
    traits,
    primary,
    copies,
    client: updater,
    judge,
    restart,
  };
  if (traits.rarelyLooks) {
    await tryUnseen(trial);
    await tryReturn(trial);
  } else await tryExpiry(trial);
  await sim.settled.until(() => checkEnd({ watch, traits, primary, copies, client: judge }));
  await tryStop(trial);
  await sim.settled.until(() => Promise.all([...all, repeater].map((each) => each.stop())));
  await sim.settled.until(() => judge.close());
  await sim.settled.run({ limitMs: GONE_MS });
  checkProblems(sim, watch);
  watch.check();
  sim.assertNoLeaks();
  const { acknowledged, doubtful, refused, compared, increments, stopped, cut } = watch;
  const sum = (of: (copy: Copy) => number | undefined): number =>
    copies.reduce((total, copy) => total + (of(copy) ?? 0), 0);
  const disks = servers.map(({ disk }) => disk.counters);
  return {
    acknowledged,
    doubtful,
    refused,
    compared,
    increments,
    whole: sum(({ zone }) => zone?.counters.whole),
    changes: sum(({ zone }) => zone?.counters.changes),
    crashes,
    stopped,
    cut,
    repeated: repeater.repeated,
    failed: disks.reduce((total, { failed }) => total + failed, 0),
    unknown: disks.reduce((total, { unknown }) => total + unknown, 0),
  };
}

/** Nobody can tell where clocks are set. */
function freshnessOf(sim: Simulation, traits: Traits): Freshness | undefined {
  if (traits.clocksSet) return undefined;
  return new Freshness({
    now: () => sim.now(),
    original: 'primary',
    expireMs: timersOf(traits).expire * 1_000,
    slackMs: traits.large ? LARGE_SLACK_MS : SLACK_MS,
  });
}

/** A disk that fails is to be reported; nothing else is anybody's mistake here. */
function checkProblems(sim: Simulation, watch: DnsWatch): void {
  for (const { host, where, error } of sim.takeProblems()) {
    const isConflict = error instanceof StoreError && error.code === 'HAWSER_STORE_CONFLICT';
    if (!isOfDisk(error) && !isConflict)
      watch.broken.push(`${host} reports ${where}: ${String(error)}`);
  }
}
