import type { LinkOptions, SimHost, Simulation } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import { cutTransfer } from './cut-transfer.ts';
import type { Hosted } from './hosted.ts';
import { DISK_MOODS, type HostileDisk } from './hostile-disk.ts';
import { Outages, type OutagesOptions } from './outages.ts';
import type { Traits } from './traits.ts';

/** Options for {@link unleash}. */
export interface WeatherOptions extends OutagesOptions {
  readonly hosts: readonly SimHost[];
  readonly servers: readonly (Hosted & { readonly disk: HostileDisk })[];
  readonly traits: Traits;
  /** Virtual milliseconds after which everything is healed for good. */
  readonly untilMs: number;
}

const FINE: LinkOptions = {
  latencyMs: 1,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  bandwidth: Number.POSITIVE_INFINITY,
};
/** The longest that one fault lasts, in milliseconds. */
const MAX_FAULT_MS = 4_000;
/** Clocks on the wall are off by up to this: signatures of two of them may be too old for each other, or from the future. */
const MAX_SKEW_MS = 200_000;
/** How often a host goes down again before it is up. */
const TORN_START = 0.25;
const ISOLATION_BEGINS_MS = 4_000;
/** Octets of a copy of everything, more or less. */
const LARGE_OCTETS = 48_000;
const SMALL_OCTETS = 4_000;
/** From the cut of a transfer until its ends hear of it. */
const MAX_CUT_MS = 1_000;

/**
 * Bad weather by the seed. Between any two of the hosts: links with a character of their own, partitions in both directions or
 * one, held packets, resets, lost datagrams, connections that are cut while they say something. On each host: crashes, disks
 * that fail, clocks that are set.
 */
export function unleash(sim: Simulation, options: WeatherOptions): void {
  const { hosts, servers, traits, watch, untilMs } = options;
  const random = new SeededRandom(sim.seed + 0xd5);
  const between = (least: number, most: number): number => least + random.float() * (most - least);
  const any = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
  const outages = new Outages(sim, options);
  const cuts: Disposable[] = [];
  const pairs = hosts.flatMap((one, at) =>
    hosts.slice(at + 1).map((other) => [one, other] as const),
  );
  for (const [one, other] of pairs) sim.link(one, other, character());
  // The first copy of a zone is the one that surely comes as a whole.
  if (traits.large)
    for (const { host: from } of servers) for (const { host: to } of servers) cut(from, to)();
  for (let at = between(0, 1_000); at < untilMs - MAX_FAULT_MS; at += between(50, 1_000))
    sim.clock.callLater(at, anyFault());
  if (traits.isolation) sim.clock.callLater(ISOLATION_BEGINS_MS, isolate());
  sim.clock.callLater(untilMs, () => {
    sim.heal();
    sim.release();
    for (const each of cuts) each[Symbol.dispose]();
    for (const { disk } of servers) disk.mood = 'fine';
    for (const host of hosts) host.clock.skewMs = 0;
    for (const [one, other] of pairs) sim.link(one, other, FINE);
  });

  function character(): LinkOptions {
    const latencyMs = between(0.1, 60);
    return {
      latencyMs: [latencyMs, latencyMs * between(1, 4)],
      cut: random.float() < 0.2 ? 'bytes' : 'random',
      loss: random.float() < 0.4 ? between(0, 0.15) : 0,
      duplicate: random.float() < 0.3 ? between(0, 0.3) : 0,
      reorder: random.float() < 0.3 ? between(0, 0.5) : 0,
      ...(random.float() < 0.3 ? { bandwidth: between(5_000, 200_000) } : {}),
    };
  }

  function anyFault(): () => void {
    const [one, other] = any(pairs);
    const lasts = between(10, MAX_FAULT_MS);
    const kind = Math.floor(between(0, 17));
    switch (kind) {
      case 0:
        return () => passing(sim.partition(one, other), lasts);
      case 1:
        return () => passing(sim.partitionOneWay(one, other), lasts);
      case 2:
        return () => passing(sim.hold(one, other), lasts);
      case 3:
        return () => passing(sim.holdOneWay(one, other), lasts);
      case 4:
        return () => void sim.reset(one, other);
      case 5:
        return () => passing(losingDatagrams(one, other), lasts);
      case 6:
        return () => passing(cuttingConnections(one, other), lasts);
      case 7:
      case 8:
        return crash(any(hosts), lasts);
      case 9:
        return traits.clocksSet ? set(any(hosts)) : crash(any(hosts), lasts);
      case 10:
      case 11:
        return stopping(any(servers), lasts);
      case 12:
        return cut(one, other);
      default:
        return spoil(any(servers).disk, lasts);
    }
  }

  function losingDatagrams(one: SimHost, other: SimHost): Disposable {
    return sim.rule(({ from, to, protocol }) =>
      protocol === 'udp' && isBetween(from, to, [one, other]) ? 'drop' : undefined,
    );
  }

  /** What has data in it ends its connection half of the time. */
  function cuttingConnections(one: SimHost, other: SimHost): Disposable {
    return sim.rule(({ from, to, kind }) => {
      if (kind === 'data' && isBetween(from, to, [one, other]) && random.float() < 0.5)
        sim.clock.callLater(0, () => void sim.reset(one, other));
      return undefined;
    });
  }

  function cut(from: SimHost, to: SimHost): () => void {
    const octets = between(0, traits.large ? LARGE_OCTETS : SMALL_OCTETS);
    const lateMs = between(0, MAX_CUT_MS);
    const done = (): void => void (watch.cut += 1);
    return () => {
      if (from !== to) cuts.push(cutTransfer(sim, { from, to, octets, lateMs, done }));
    };
  }

  function stopping(server: Hosted, lasts: number): () => void {
    return () => outages.stop(server, lasts);
  }

  function set(host: SimHost): () => void {
    const skewMs = between(-MAX_SKEW_MS, MAX_SKEW_MS);
    return () => {
      host.clock.skewMs = skewMs;
    };
  }

  function spoil(disk: HostileDisk, lasts: number): () => void {
    const mood = any(DISK_MOODS);
    return () => {
      disk.mood = mood;
      sim.clock.callLater(lasts, () => {
        disk.mood = 'fine';
      });
    };
  }

  function crash(host: SimHost, lasts: number): () => void {
    const again = random.float() < TORN_START ? between(0, 60) : undefined;
    return () => outages.crash(host, lasts, again);
  }

  /** Nobody tells one of the copies anything, or those that depend on it. */
  function isolate(): () => void {
    const [{ host: primary }, first, second] = servers as [
      (typeof servers)[number],
      ...(typeof servers)[number][],
    ];
    const [alone, others] = any([
      [first, [primary]],
      [second, [primary, first?.host]],
    ] as const);
    return () => {
      for (const other of others)
        if (alone !== undefined && other !== undefined) sim.partition(alone.host, other);
    };
  }

  function passing(rule: Disposable, lasts: number): void {
    sim.clock.callLater(lasts, () => rule[Symbol.dispose]());
  }
}

function isBetween(from: string, to: string, [one, other]: readonly [SimHost, SimHost]): boolean {
  return (from === one.name && to === other.name) || (from === other.name && to === one.name);
}
