import { describe, expect, test } from 'vitest';
import { runSeed, runSeeds } from '../../../../test/sim/seeds.ts';
import {
  type FaultsSummary,
  faultsScenario,
  faultyServer,
  type Ledger,
} from './faults-scenario.ts';

/** More of them: `HAWSER_HTTP_SEEDS=1000`. */
const COUNT = Number(process.env['HAWSER_HTTP_SEEDS'] ?? 50);

describe.each([
  { over: 'http/1.1', count: COUNT },
  { over: 'h2', count: Math.ceil(COUNT / 10) },
] as const)('requests over bad networks, by seed, over $over', ({ over, count }) => {
  test('come to a whole response or an error, are sent again only where they may, and replay', {
    timeout: 20_000 + count * 10_000,
  }, async () => {
    const seen: FaultsSummary[] = [];
    const scenarios = {
      requests: async (sim: Parameters<typeof faultsScenario>[0]) =>
        void seen.push(await faultsScenario(sim, { over })),
    };
    const report = await runSeeds({ scenarios, from: 1, count });
    expect(report.bad).toEqual([]);
    expect(report).toMatchObject({ runs: count, distinct: count });
    // The weather was bad enough for all of it to happen.
    const sum = (of: (summary: FaultsSummary) => number): number =>
      seen.reduce((all, each) => all + of(each), 0);
    expect(sum(({ answered }) => answered)).toBeGreaterThan(count * 20);
    expect(sum(({ failed }) => failed)).toBeGreaterThan(count / 10);
    expect(sum(({ sentAgain }) => sentAgain)).toBeGreaterThan(count / 10);
  });

  test('a server that handles requests twice is found', async () => {
    const makeServer = (ledger: Ledger): ReturnType<typeof faultyServer> => {
      class Doubling extends Map<string, string[]> {
        override set(id: string, attempts: string[]): this {
          ledger.set(id, [...attempts, ...attempts]);
          return this;
        }
      }
      return faultyServer(new Doubling());
    };
    const { broken } = await runSeed(1, (sim) => faultsScenario(sim, { makeServer, over }));
    expect(broken).toMatch(/POST \w+ was handled 2 times/);
  });
});
