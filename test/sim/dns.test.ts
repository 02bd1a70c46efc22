import { describe, expect, test } from 'vitest';
import type { Planted } from './dns-hosts.ts';
import { dnsScenario } from './dns-scenario.ts';
import { runSeed, runSeeds } from './seeds.ts';

/** Every run is half a minute of a virtual world: some tenths of a second. */
const TIMEOUT_MS = 180_000;

describe('a zone and its copies on bad networks', { timeout: TIMEOUT_MS }, () => {
  test('no acknowledged update is lost, copies converge, and every run replays', async () => {
    const report = await runSeeds({
      scenarios: { dns: (sim) => dnsScenario(sim) },
      from: 1,
      count: 4,
    });
    expect(report.bad).toEqual([]);
    expect(report).toMatchObject({ runs: 4, distinct: 4 });
  });

  const faults: [string, Planted, RegExp][] = [
    [
      'a disk that acknowledges what it has not written',
      { hastyDisk: true },
      /lost|two contents|back/,
    ],
    ['a journal that forgets deletions', { forgetfulJournal: true }, /something else|deleted/],
  ];
  test.each(faults)('%s is found, and its seed shows it again', async (_, planted, why) => {
    const scenario = (sim: Parameters<typeof dnsScenario>[0]) => dnsScenario(sim, planted);
    const { bad } = await runSeeds({ scenarios: { scenario }, from: 1, count: 60, maxBad: 1 });
    expect(bad).toHaveLength(1);
    const [found] = bad;
    expect(found?.why).toMatch(why);
    const again = await runSeed(found?.seed ?? 0, scenario);
    expect(again.broken).toBe(found?.why);
  });
});
