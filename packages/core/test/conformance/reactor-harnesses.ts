import type { ReactorHarness } from '../../conformance/index.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { createSimReactor } from '../../src/sim/simulation.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

/** The real reactor, on loopback. */
export function nodeHarness(): ReactorHarness {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  return {
    server: reactor,
    client: reactor,
    host: '127.0.0.1',
    problems: reports.problems,
    wait: async (answer) => answer,
    elapse: (ms) => new Promise((done) => setTimeout(done, ms)),
  };
}

/** Two simulated hosts, with `latencyMs` between them. */
export function simulatedHarness(latencyMs: number): ReactorHarness {
  const sim = createSimReactor({ seed: 3, drive: 'manual', link: { latencyMs } });
  const [server, client] = sim.hosts('server', 'client');
  return {
    server,
    client,
    host: server.addresses[0] ?? '',
    silentHost: '192.0.2.1',
    get problems() {
      return [...server.reports.problems, ...client.reports.problems];
    },
    wait: (answer) => sim.settled.until(answer),
    elapse: (ms) => sim.settled.elapse(ms),
  };
}
