import type { LinkOptions, SimHost, Simulation } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';

/** Options for {@link unleashFaults}. */
export interface FaultOptions {
  readonly server: SimHost;
  readonly clients: readonly SimHost[];
  /** Virtual milliseconds after which everything is healed for good. */
  readonly untilMs: number;
  /** Starts the server again after a crash. Without it nothing crashes. */
  readonly reboot?: (() => void) | undefined;
}

/** What every link is like in the end. */
const FINE: LinkOptions = { loss: 0, bandwidth: Number.POSITIVE_INFINITY };
/** The longest that one fault lasts, in milliseconds. */
const MAX_FAULT_MS = 1_500;

/**
 * Bad weather by the seed of the simulation: every link gets a character of its own, then partitions, held packets,
 * resets and crashes come and go. Gives the number of faults that will have happened.
 */
export function unleashFaults(sim: Simulation, options: FaultOptions): number {
  const { server, clients, untilMs, reboot } = options;
  const random = new SeededRandom(sim.seed + 0x5eed);
  const between = (least: number, most: number): number => least + random.float() * (most - least);
  const chance = (probability: number): boolean => random.float() < probability;
  for (const client of clients) sim.link(client, server, character());
  let faults = 0;
  for (let at = between(0, 1_000); at < untilMs - MAX_FAULT_MS; at += between(100, 3_000)) {
    const client = clients[Math.floor(random.float() * clients.length)];
    if (!client) break;
    const fault = anyFault(client);
    sim.clock.callLater(at, fault);
    faults += 1;
  }
  sim.clock.callLater(untilMs, () => {
    sim.heal();
    sim.release();
    for (const client of clients) sim.link(client, server, FINE);
  });
  return faults;

  function character(): LinkOptions {
    const latencyMs = between(0.1, 80);
    return {
      latencyMs: [latencyMs, latencyMs * between(1, 4)],
      cut: chance(0.2) ? 'bytes' : 'random',
      loss: chance(0.4) ? between(0, 0.15) : 0,
      ...(chance(0.3) ? { bandwidth: between(2_000, 200_000) } : {}),
    };
  }

  function anyFault(client: SimHost): () => void {
    const lasts = between(10, MAX_FAULT_MS);
    switch (Math.floor(between(0, reboot ? 6 : 5))) {
      case 0:
        return () => passing(sim.partition(client, server), lasts);
      case 1:
        return () => passing(sim.partitionOneWay(client, server), lasts);
      case 2:
        return () => passing(sim.partitionOneWay(server, client), lasts);
      case 3:
        return () => passing(sim.hold(client, server), lasts);
      case 4:
        return () => void sim.reset(client, server);
      default:
        return () => {
          sim.crash(server);
          sim.clock.callLater(lasts, () => {
            sim.restart(server);
            reboot?.();
          });
        };
    }
  }

  function passing(rule: Disposable, lasts: number): void {
    sim.clock.callLater(lasts, () => rule[Symbol.dispose]());
  }
}
