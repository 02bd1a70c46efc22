import type { LinkOptions, SimHost, Simulation } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';

/** Options for {@link unleashDnsFaults}. */
export interface DnsFaultOptions {
  readonly hosts: readonly SimHost[];
  /** Virtual milliseconds after which everything is healed for good. */
  readonly untilMs: number;
  /** Starts what runs on a host again after a crash. */
  readonly reboot: (host: SimHost) => void;
}

const FINE: LinkOptions = { latencyMs: 1, loss: 0, bandwidth: Number.POSITIVE_INFINITY };
/** The longest that one fault lasts, in milliseconds. */
const MAX_FAULT_MS = 4_000;
/** Clocks on the wall are off by up to this: signatures of two of them may be too old for each other, or from the future. */
const MAX_SKEW_MS = 200_000;

/**
 * Bad weather between any two of the hosts, by the seed: links with a character of their own, partitions in both directions or one,
 * held packets, resets, crashes of every host, and clocks that are set.
 */
export function unleashDnsFaults(sim: Simulation, options: DnsFaultOptions): void {
  const { hosts, untilMs, reboot } = options;
  const random = new SeededRandom(sim.seed + 0xd5);
  const between = (least: number, most: number): number => least + random.float() * (most - least);
  const any = (): SimHost => hosts[Math.floor(random.float() * hosts.length)] as SimHost;
  const down = new Set<SimHost>();
  for (const [index, one] of hosts.entries())
    for (const other of hosts.slice(index + 1)) sim.link(one, other, character());
  for (let at = between(0, 1_000); at < untilMs - MAX_FAULT_MS; at += between(50, 1_500))
    sim.clock.callLater(at, anyFault());
  sim.clock.callLater(untilMs, () => {
    sim.heal();
    sim.release();
    for (const host of hosts) host.clock.skewMs = 0;
    for (const [index, one] of hosts.entries())
      for (const other of hosts.slice(index + 1)) sim.link(one, other, FINE);
  });

  function character(): LinkOptions {
    const latencyMs = between(0.1, 60);
    return {
      latencyMs: [latencyMs, latencyMs * between(1, 4)],
      cut: random.float() < 0.2 ? 'bytes' : 'random',
      loss: random.float() < 0.4 ? between(0, 0.15) : 0,
      ...(random.float() < 0.3 ? { bandwidth: between(5_000, 200_000) } : {}),
    };
  }

  function anyFault(): () => void {
    const [one, other] = [any(), any()];
    const lasts = between(10, MAX_FAULT_MS);
    const kind = Math.floor(between(0, 7));
    if (kind >= 5 || one === other) return kind === 6 ? () => set(one) : () => crash(one, lasts);
    switch (kind) {
      case 0:
        return () => passing(sim.partition(one, other), lasts);
      case 1:
        return () => passing(sim.partitionOneWay(one, other), lasts);
      case 2:
        return () => passing(sim.hold(one, other), lasts);
      case 3:
        return () => passing(sim.holdOneWay(one, other), lasts);
      default:
        return () => void sim.reset(one, other);
    }
  }

  function set(host: SimHost): void {
    host.clock.skewMs = between(-MAX_SKEW_MS, MAX_SKEW_MS);
  }

  function crash(host: SimHost, lasts: number): void {
    if (down.has(host)) return;
    down.add(host);
    sim.crash(host);
    sim.clock.callLater(lasts, () => {
      down.delete(host);
      sim.restart(host);
      reboot(host);
    });
  }

  function passing(rule: Disposable, lasts: number): void {
    sim.clock.callLater(lasts, () => rule[Symbol.dispose]());
  }
}
