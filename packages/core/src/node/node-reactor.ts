import type { Reactor } from '../contract/reactor.ts';
import type { Reports } from '../contract/reports.ts';
import type { Resolver } from '../contract/resolver.ts';
import { ConnectionBudget } from './connection-budget.ts';
import { NodeClock } from './node-clock.ts';
import { NodeLifecycle } from './node-lifecycle.ts';
import { NodeProcess } from './node-process.ts';
import { nodeRandom } from './node-random.ts';
import { nodeResolver } from './node-resolver.ts';
import { NodeTcp } from './node-tcp.ts';
import { NodeThreads, type NodeThreadsOptions } from './node-threads.ts';
import { nodeTls } from './node-tls.ts';
import { NodeUdp } from './node-udp.ts';
import { NodeUnix } from './node-unix.ts';
import { stderrReports } from './stderr-reports.ts';

/** Options for {@link createNodeReactor}. */
export interface NodeReactorOptions {
  /** Where problems go. @defaultValue text on standard error */
  readonly reports?: Reports | undefined;
  /**
   * Makes what looks names up, given the reactor that it is for, which has everything but a resolver yet.
   * @defaultValue the system's resolver
   */
  readonly resolver?: ((reactor: Reactor) => Resolver) | undefined;
  /** For the worker threads. */
  readonly threads?: NodeThreadsOptions | undefined;
  /**
   * Most connections, accepted and made, that may be open. More are closed as soon as they are accepted, and connecting
   * fails with `HAWSER_BUDGET`. @defaultValue what the limit of open files allows, for all reactors of the process
   */
  readonly maxConnections?: number | undefined;
}

/** Makes a reactor over node's own event loop. It opens nothing and listens to nothing until it is used. */
export function createNodeReactor(options: NodeReactorOptions = {}): Reactor {
  const { reports = stderrReports, maxConnections, resolver } = options;
  let lastId = 0;
  const nextId = (): number => {
    lastId += 1;
    return lastId;
  };
  const reactor: { -readonly [K in keyof Reactor]?: Reactor[K] } = {
    clock: new NodeClock(reports),
    random: nodeRandom,
    lifecycle: new NodeLifecycle(reports),
    tls: nodeTls,
    reports,
  };
  // These need the whole reactor: the transports they make carry it.
  const whole = reactor as Reactor;
  const budget = new ConnectionBudget(whole, { maxConnections });
  reactor.tcp = new NodeTcp(whole, nextId, budget);
  reactor.unix = new NodeUnix(whole, nextId, budget);
  reactor.udp = new NodeUdp(whole);
  reactor.process = new NodeProcess(whole);
  reactor.threads = new NodeThreads(whole, options.threads);
  // Last, as one that asks servers needs all of the others.
  reactor.resolver = resolver?.(whole) ?? nodeResolver(reports);
  return whole;
}
