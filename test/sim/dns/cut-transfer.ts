import type { DelayedCall, SimHost, Simulation } from '@hawser/core';

/** Where what a host sends is cut. */
export interface Cut {
  readonly from: SimHost;
  readonly to: SimHost;
  /** Octets that are let through, of all connections. */
  readonly octets: number;
  /** From then until both ends hear of it: what is on its way arrives meanwhile. */
  readonly lateMs: number;
  /** Called when it is. */
  readonly done: () => void;
}

/** Lets a certain number of octets pass from one host to another, and then resets what is between them: once. */
export function cutTransfer(sim: Simulation, { from, to, octets, lateMs, done }: Cut): Disposable {
  let left = octets;
  let reset: DelayedCall | undefined;
  const rule = sim.rule((packet) => {
    if (packet.kind !== 'data' || packet.from !== from.name || packet.to !== to.name)
      return undefined;
    left -= packet.bytes;
    if (left >= 0) return undefined;
    reset ??= sim.clock.callLater(lateMs, () => {
      rule[Symbol.dispose]();
      sim.reset(from, to);
      done();
    });
    return 'drop';
  });
  return {
    [Symbol.dispose]: () => {
      reset?.cancel();
      rule[Symbol.dispose]();
    },
  };
}
