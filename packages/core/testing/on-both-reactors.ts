import type { Reactor } from '../src/contract/reactor.ts';
import { createNodeReactor } from '../src/node/node-reactor.ts';
import { createSimReactor, type SimulationOptions } from '../src/sim/simulation.ts';
import { CollectedReports } from './collected-reports.ts';

/** Two reactors that reach each other: two simulated hosts, or twice the same real one. */
export interface BothReactors {
  readonly kind: 'node' | 'sim';
  readonly server: Reactor;
  readonly client: Reactor;
  /** The IP address of the server, to listen on and to connect to. */
  readonly host: string;
  /** What was reported since this was last called. What nobody takes fails the test. */
  readonly takeProblems: () => readonly { readonly where: string; readonly error: unknown }[];
  /** Lets time pass: virtual, or real. */
  readonly elapse: (ms: number) => Promise<void>;
  /** Lets happen what needs next to no time. */
  readonly settle: () => Promise<void>;
}

/** Declares one test, as `test` of vitest, jest and node do. */
export type DeclareTest = (name: string, run: () => Promise<void>) => void;

/** Real milliseconds in which loopback says what it has to say. */
const LOOPBACK_MS = 25;

/**
 * Declares tests that run once on the node reactor and once in a simulation, where time passes while the body waits. As
 * half of them open sockets, they do not belong among unit tests.
 *
 * @example
 * const onBoth = onBothReactors(test);
 * onBoth('echoes', async ({ server, client, host }) => {
 *   const port = await server.tcp.listen({ host, port: 0 }, echo);
 * });
 */
export function onBothReactors(
  test: DeclareTest,
  options: SimulationOptions = {},
): (name: string, body: (both: BothReactors) => Promise<void>) => void {
  return (name, body) => {
    test(`${name} (node)`, async () => {
      const reports = new CollectedReports();
      const reactor = createNodeReactor({ reports });
      let read = 0;
      const elapse = (ms: number): Promise<void> =>
        new Promise((done) => {
          reactor.clock.callLater(ms, done);
        });
      const both: BothReactors = {
        kind: 'node',
        server: reactor,
        client: reactor,
        host: '127.0.0.1',
        takeProblems() {
          const fresh = reports.problems.slice(read);
          read = reports.problems.length;
          return fresh;
        },
        elapse,
        settle: () => elapse(LOOPBACK_MS),
      };
      await body(both);
      assertNoProblems(both);
    });
    test(`${name} (sim)`, async () => {
      const sim = createSimReactor({ drive: 'manual', ...options });
      const [server, client] = sim.hosts('server', 'client');
      const elapse = (ms: number): Promise<void> =>
        new Promise((done) => {
          sim.clock.callLater(ms, done);
        });
      const both: BothReactors = {
        kind: 'sim',
        server,
        client,
        host: server.addresses[0] ?? '',
        takeProblems: () => sim.takeProblems(),
        elapse,
        settle: () => elapse(LOOPBACK_MS),
      };
      try {
        await sim.settled.until(() => body(both));
        assertNoProblems(both);
      } finally {
        sim.close();
      }
    });
  };
}

function assertNoProblems(both: BothReactors): void {
  const [first] = both.takeProblems();
  if (first) throw new Error(`A problem was reported in ${first.where}`, { cause: first.error });
}
