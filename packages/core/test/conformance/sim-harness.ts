import type { Capability, ConformanceHarness } from '../../conformance/index.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { LinkOptions } from '../../src/sim/link-options.ts';
import type { SimHost } from '../../src/sim/sim-host.ts';
import { createSimReactor, type Simulation } from '../../src/sim/simulation.ts';

export const simCan: ReadonlySet<Capability> = new Set([
  'resets',
  'quietStart',
  'halfCloses',
  'limitsPending',
  'countsWrites',
  'bulk',
  'copies',
]);

/** How the harness connects: by TCP between two hosts, inside of one host, or by a Unix socket. */
export interface SimHarnessOptions {
  readonly link?: LinkOptions | undefined;
  readonly over?: 'network' | 'loopback' | 'unix' | undefined;
  readonly seed?: number | undefined;
}

/** Two hosts on a simulated network. The first connection opens the port, with its options. */
export function simHarness(
  options: SimHarnessOptions = {},
): ConformanceHarness & { readonly sim: Simulation } {
  const { link = { latencyMs: 0 }, over = 'network', seed = 7 } = options;
  const sim = createSimReactor({ seed, link, drive: 'manual' });
  const [server, client] = sim.hosts('server', 'client');
  const near = over === 'network' ? client : server;
  const expected: Factory[] = [];
  const accepting: Factory = {
    name: 'port',
    buildProtocol: (incoming) => expected.shift()?.buildProtocol(incoming),
  };
  let port: PromiseLike<Port> | undefined;
  // More than any round trip, so that what is on its way has arrived.
  const quietMs = typeof link.latencyMs === 'number' && link.latencyMs > 0 ? 4 * link.latencyMs : 0;
  return {
    sim,
    can: simCan,
    get problems() {
      return [server, client].flatMap(({ reports }) =>
        reports.problems.map(({ where, error }) => ({
          where: where.replace(/^port\./, 'server.'),
          error,
        })),
      );
    },
    async connect(factory, clientFactory, given = {}) {
      expected.push(factory);
      if (over === 'unix') {
        const path = '/run/x.sock';
        port ??= server.unix.listen({ path, ...given }, accepting);
        return near.unix.connect({ path, ...given }, clientFactory);
      }
      port ??= server.tcp.listen({ port: 7000, ...given }, accepting);
      const host = over === 'loopback' ? '127.0.0.1' : 'server';
      return near.tcp.connect({ host, port: 7000, ...given }, clientFactory);
    },
    wait: (answer) => sim.settled.until(answer, { limitMs: 200_000 }),
    quiet: () => sim.settled.elapse(quietMs),
    countWrites(transport) {
      const find = (): number => writesOf([server, client], sim, transport.local);
      const before = find();
      return () => find() - before;
    },
  };
}

function writesOf(
  hosts: readonly SimHost[],
  sim: Simulation,
  local: { readonly kind: string; readonly port?: number },
): number {
  const sockets = hosts.flatMap((host) => sim.netstat(host));
  const found = sockets.find(
    (each) => each.peer !== undefined && each.local.endsWith(`:${local.port}`),
  );
  return found?.writes ?? 0;
}
