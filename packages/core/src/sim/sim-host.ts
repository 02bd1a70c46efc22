import type { Reactor } from '../contract/reactor.ts';
import type { Reports } from '../contract/reports.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { succeed } from '../deferred/succeed.ts';
import { UsageError } from '../errors.ts';
import { nodeTls } from '../node/node-tls.ts';
import { CollectedReports } from './collected-reports.ts';
import { HostClock } from './host-clock.ts';
import { ManualLifecycle } from './manual-lifecycle.ts';
import type { Names } from './names.ts';
import type { Network } from './network.ts';
import type { CallOwner } from './scheduled-call.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimStreams } from './sim-streams.ts';
import { SimUdp } from './sim-udp.ts';
import { Stack } from './stack.ts';

/** Options for a host: its addresses, and stand-ins for what a simulation does not have. */
export interface HostOptions
  extends Partial<Pick<Reactor, 'tls' | 'process' | 'threads' | 'resolver'>> {
  /** IP addresses. @defaultValue one in 10.0.0.0/8 */
  readonly addresses?: readonly string[] | undefined;
}

/** One machine of a simulation, and the reactor of what runs on it. */
export interface SimHost extends Reactor {
  readonly name: string;
  /** Its IP addresses, loopback aside. */
  readonly addresses: readonly string[];
  /** False between a crash and a restart: then nothing can be listened on or connected. */
  readonly up: boolean;
  readonly clock: HostClock;
  readonly random: SeededRandom;
  readonly reports: CollectedReports;
  readonly lifecycle: ManualLifecycle;
}

/** A host with what only the simulation may do to it. */
export interface HostParts {
  readonly host: SimHost;
  readonly stack: Stack;
  readonly crash: () => void;
  readonly restart: () => void;
}

/** Makes a host on `network`. */
export function makeHost(
  network: Network,
  parts: {
    readonly name: string;
    readonly addresses: readonly string[];
    readonly names: Names;
    readonly options: HostOptions;
  },
): HostParts {
  const { name, addresses, names, options } = parts;
  const reports = new CollectedReports();
  let life = newLife(name, reports);
  const stack = new Stack(network, { name, addresses, life });
  const { addresses: _, ...given } = options;
  const reactor: { -readonly [K in keyof SimHost]?: SimHost[K] } = {
    name,
    addresses,
    clock: new HostClock(network.timeline, () => life),
    random: network.randomFor(`host ${name}`),
    lifecycle: new ManualLifecycle(reports),
    reports,
    tls: nodeTls,
    resolver: names.resolver((call) => stack.later(call), reports),
    process: { spawn: ({ command }) => notAvailable(`start "${command}"`, reports) },
    threads: { run: () => notAvailable('start a thread', reports), stop: () => succeed() },
    ...given,
  };
  Object.defineProperty(reactor, 'up', { get: () => stack.up, enumerable: true });
  // These need the whole reactor: the transports they make carry it.
  const host = reactor as SimHost;
  const streams = new SimStreams(host, stack);
  Object.assign(reactor, {
    tcp: streams.tcp,
    unix: streams.unix,
    udp: new SimUdp(host, stack),
  });
  return {
    host,
    stack,
    crash() {
      life.alive = false;
      stack.crash();
    },
    restart() {
      life = newLife(name, reports);
      stack.restart(life);
    },
  };
}

function newLife(label: string, reports: CollectedReports): CallOwner & { alive: boolean } {
  return {
    label,
    alive: true,
    keepsContext: true,
    failed: (where, thrown) => reports.problem(where, thrown),
  };
}

function notAvailable(what: string, reports: Reports): Deferred<never> {
  const error = new UsageError('HAWSER_NOT_AVAILABLE', `Cannot ${what} on a simulated host`);
  return fail(error, { reports, where: what });
}
