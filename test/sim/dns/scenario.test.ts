import { describe, expect, test } from 'vitest';
import { runSeed, runSeeds } from '../seeds.ts';
import { BelievingClient, discreet, forgetful, type Planted, restless } from './planted.ts';
import { type DnsSummary, dnsScenario } from './scenario.ts';

/** Every run is minutes of a virtual world: some tenths of a second. */
const TIMEOUT_MS = 180_000;
/** Of each world that a copy has to be let down in. */
const HOUR = 3_600;

describe('a zone and its copies in bad weather', { timeout: TIMEOUT_MS }, () => {
  test('no acknowledged update is lost, copies converge, and every run replays', async () => {
    const seen: DnsSummary[] = [];
    const report = await runSeeds({
      scenarios: { dns: async (sim) => seen.push(await dnsScenario(sim)) },
      from: 4,
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
    [
      'a copy that believes a transfer that was cut',
      { copies: (host) => ({ client: new BelievingClient({ reactor: host }) }) },
      /something else/,
    ],
    [
      'a primary that tells nobody of what it stored and did not see',
      { asAnnounced: discreet },
      /not all hear of what primary/,
    ],
    ['a notifier that does not stop', { asNotifier: restless }, /has stopped, and leaves/],
    [
      'a copy that answers for longer than the zone says',
      { copies: () => ({ expireSeconds: { min: HOUR } }) },
      /no good any more|after its time/,
    ],
    [
      'a copy that tries again after an hour',
      { copies: () => ({ retrySeconds: { min: HOUR } }) },
      /has not what it missed|not good again|not all hear|not as the original/,
    ],
  ];
  test.each(faults)('%s is found, and its seed shows it again', async (_, planted, why) => {
    const scenario = (sim: Parameters<typeof dnsScenario>[0]) => dnsScenario(sim, planted);
    const { bad } = await runSeeds({ scenarios: { scenario }, from: 4, count: 60, maxBad: 1 });
    expect(bad).toHaveLength(1);
    const [found] = bad;
    expect(found?.why).toMatch(why);
    const again = await runSeed(found?.seed ?? 0, scenario);
    expect(again.broken).toBe(found?.why);
  });
});
