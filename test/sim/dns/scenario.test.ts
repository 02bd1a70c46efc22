import type { DynamicZone, TransferableZone } from '@hawser/dns';
import { describe, expect, test } from 'vitest';
import { runSeed, runSeeds } from '../seeds.ts';
import { type DnsSummary, dnsScenario, type Planted } from './scenario.ts';

/** Every run is minutes of a virtual world: some tenths of a second. */
const TIMEOUT_MS = 180_000;

/** Planted: tells of no record that was deleted. */
function forgetful(zone: DynamicZone): TransferableZone {
  return Object.create(zone, {
    snapshot: { get: () => zone.snapshot },
    journal: {
      value: async (serial: number) => {
        const changes = await zone.journal(serial);
        return changes?.map(({ origin, from, to, changes: all }) => {
          return { origin, from, to, changes: all.filter(({ after }) => after !== undefined) };
        });
      },
    },
  }) as TransferableZone;
}

describe('a zone and its copies in bad weather', { timeout: TIMEOUT_MS }, () => {
  test('no acknowledged update is lost, copies converge, and every run replays', async () => {
    const seen: DnsSummary[] = [];
    const report = await runSeeds({
      scenarios: { dns: async (sim) => seen.push(await dnsScenario(sim)) },
      from: 1,
      count: 5,
    });
    expect(report.bad).toEqual([]);
    expect(report).toMatchObject({ runs: 5, distinct: 5 });
    // It was no fine weather.
    for (const what of Object.keys(seen[0] ?? {}) as (keyof DnsSummary)[])
      expect(seen.map((each) => each[what]).filter((count) => count > 0)).not.toEqual([]);
  });

  const faults: [string, Planted, RegExp][] = [
    [
      'a disk that acknowledges what it has not written',
      { hastyDisk: true },
      /lost|two contents|back/,
    ],
    [
      'a journal that forgets deletions',
      { asTransferred: forgetful },
      /something else|deleted|elsewhere/,
    ],
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
