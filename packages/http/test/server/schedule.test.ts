import { expect, test } from 'vitest';
import { runSeeds } from '../../../../test/sim/seeds.ts';
import { type ScheduleSummary, scheduleScenario } from './schedule-scenario.ts';

/** More of them: `HAWSER_HTTP_SEEDS=1000`. */
const COUNT = Number(process.env['HAWSER_HTTP_SEEDS'] ?? 50);

test('requests of all kinds, however they are cut, paused and ended, get their answers in order', {
  timeout: 20_000 + COUNT * 10_000,
}, async () => {
  const seen: ScheduleSummary[] = [];
  const scenarios = {
    schedule: async (sim: Parameters<typeof scheduleScenario>[0]) =>
      void seen.push(await scheduleScenario(sim)),
  };
  const report = await runSeeds({ scenarios, from: 1, count: COUNT });
  expect(report.bad).toEqual([]);
  const ends = new Set(seen.map(({ end }) => end));
  expect([...ends].sort()).toEqual(['drained', 'half-closed', 'left', 'said close', 'waited']);
  const answered = seen.reduce((sum, { answered: each }) => sum + each, 0);
  expect(answered).toBeGreaterThan(COUNT * 5);
});
