import { expect, test } from 'vitest';
import { runSeeds } from '../../../../test/sim/seeds.ts';
import { type ProxySummary, proxyScenario } from './model-scenario.ts';

/** More of them: `HAWSER_HTTP_SEEDS=1000`. */
const COUNT = Math.ceil(Number(process.env['HAWSER_HTTP_SEEDS'] ?? 50) / 5);

test.each([
  ['http/1.1', COUNT],
  ['h2', Math.ceil(COUNT / 2)],
] as const)(
  'a proxy between peers and servers over %s that do as they like keeps its promises, and replays',
  {
    timeout: 20_000 + COUNT * 10_000,
  },
  async (over, count) => {
    const seen: ProxySummary[] = [];
    const scenarios = {
      proxy: async (sim: Parameters<typeof proxyScenario>[0]) =>
        void seen.push(await proxyScenario(sim, { over })),
    };
    const report = await runSeeds({ scenarios, from: 1, count });
    expect(report.bad).toEqual([]);
    const sum = (of: (summary: ProxySummary) => number): number =>
      seen.reduce((all, each) => all + of(each), 0);
    expect(sum(({ answered }) => answered)).toBeGreaterThan(count * 4);
    expect(sum(({ refused }) => refused)).toBeGreaterThan(count);
    expect(sum(({ cut }) => cut)).toBeGreaterThan(count / 2);
    expect(sum(({ left }) => left)).toBeGreaterThan(count / 4);
  },
);
