import type { Reactor } from '../src/contract/reactor.ts';
import type { Deferred } from '../src/deferred/deferred.ts';
import { fail } from '../src/deferred/fail.ts';
import { succeed } from '../src/deferred/succeed.ts';
import { UsageError } from '../src/errors.ts';
import { nodeTls } from '../src/node/node-tls.ts';
import { CollectedReports } from './collected-reports.ts';
import { ManualLifecycle } from './manual-lifecycle.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A reactor without a network, whose time, luck and signals a test decides. */
export interface TestReactor extends Reactor {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly reports: CollectedReports;
  readonly lifecycle: ManualLifecycle;
}

/** Options for {@link createTestReactor}: a seed, and stand-ins for the capabilities a test needs. */
export interface TestReactorOptions
  extends Partial<
    Pick<Reactor, 'tcp' | 'unix' | 'udp' | 'tls' | 'process' | 'threads' | 'resolver'>
  > {
  /** @defaultValue 1 */
  readonly seed?: number | undefined;
}

/** Makes a {@link TestReactor}. What was not given fails with `UsageError` `HAWSER_NOT_AVAILABLE`. */
export function createTestReactor(options: TestReactorOptions = {}): TestReactor {
  const { seed = 1, ...given } = options;
  const reports = new CollectedReports();
  return {
    clock: new VirtualClock(reports),
    random: new SeededRandom(seed),
    lifecycle: new ManualLifecycle(reports),
    reports,
    tls: nodeTls,
    tcp: {
      listen: () => notAvailable('listen on TCP'),
      connect: () => notAvailable('connect by TCP'),
    },
    unix: {
      listen: () => notAvailable('listen on a Unix socket'),
      connect: () => notAvailable('connect to a Unix socket'),
    },
    udp: { bind: () => notAvailable('bind a UDP port') },
    process: { spawn: ({ command }) => notAvailable(`start "${command}"`) },
    threads: { run: () => notAvailable('start a thread'), stop: () => succeed() },
    resolver: { lookup: (host) => notAvailable(`look up "${host}"`) },
    ...given,
  };
}

function notAvailable(what: string): Deferred<never> {
  return fail(new UsageError('HAWSER_NOT_AVAILABLE', `Cannot ${what} on a test reactor`));
}
