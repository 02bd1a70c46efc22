import type { Clock } from './clock.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { Reports } from './reports.ts';
import type { Resolver } from './resolver.ts';
import type { Tcp, Unix } from './tcp.ts';
import type { Threads } from './threads.ts';
import type { Tls } from './tls.ts';
import type { Udp } from './udp.ts';

/**
 * Who does I/O and time: an explicit object, never a global. A bag of small capabilities; several reactors can live in
 * one process, and making one has no side effect.
 */
export interface Reactor {
  readonly clock: Clock;
  readonly random: Random;
  readonly tcp: Tcp;
  readonly unix: Unix;
  readonly udp: Udp;
  readonly tls: Tls;
  readonly process: Process;
  readonly threads: Threads;
  readonly resolver: Resolver;
  readonly lifecycle: Lifecycle;
  readonly reports: Reports;
}

/** The powers a function needs and no more: `retry(reactor: Has<'clock' | 'random'>)`. */
export type Has<K extends keyof Reactor> = Pick<Reactor, K>;
