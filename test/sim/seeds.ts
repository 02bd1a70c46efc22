import { type Simulation, simulate } from '@hawser/core';

/** Something to run on many networks. It throws, or rejects, when an invariant does not hold. */
export type SeededScenario = (sim: Simulation) => unknown;

/** A seed whose run broke an invariant, or did not replay. */
export interface BadSeed {
  readonly scenario: string;
  readonly seed: number;
  readonly why: string;
  /** The last packets before it. */
  readonly trace: readonly string[];
}

/** What {@link runSeeds} saw. */
export interface SeedsReport {
  readonly runs: number;
  /** Runs whose trace nobody else had. */
  readonly distinct: number;
  /** Virtual milliseconds of all runs. */
  readonly simulatedMs: number;
  readonly bad: readonly BadSeed[];
}

/** What to run. */
export interface Seeds {
  readonly scenarios: Readonly<Record<string, SeededScenario>>;
  readonly from: number;
  readonly count: number;
  /** Ends at so many bad seeds. @defaultValue 10 */
  readonly maxBad?: number | undefined;
}

/** Runs every scenario with every seed, twice, and compares the traces. */
export async function runSeeds(seeds: Seeds): Promise<SeedsReport> {
  const { scenarios, from, count, maxBad = 10 } = seeds;
  const bad: BadSeed[] = [];
  const hashes = new Set<string>();
  let runs = 0;
  let simulatedMs = 0;
  for (let seed = from; seed < from + count; seed++) {
    for (const [scenario, run] of Object.entries(scenarios)) {
      const first = await runSeed(seed, run);
      const second = await runSeed(seed, run);
      runs += 1;
      simulatedMs += first.durationMs + second.durationMs;
      hashes.add(first.traceHash);
      const differs =
        first.traceHash === second.traceHash ? undefined : 'its trace differs when replayed';
      const why = first.broken ?? differs;
      if (why === undefined) continue;
      bad.push({ scenario, seed, why, trace: first.trace });
      if (bad.length >= maxBad) return { runs, distinct: hashes.size, simulatedMs, bad };
    }
  }
  return { runs, distinct: hashes.size, simulatedMs, bad };
}

/** One run of a seed. */
export interface SeedRun {
  readonly traceHash: string;
  readonly durationMs: number;
  /** The last packets. */
  readonly trace: readonly string[];
  /** The invariant that did not hold. */
  readonly broken: string | undefined;
}

/** Runs one scenario with one seed. */
export async function runSeed(seed: number, scenario: SeededScenario): Promise<SeedRun> {
  const { result, trace, traceHash, durationMs } = await simulate(
    async (sim) => {
      try {
        await scenario(sim);
      } catch (thrown) {
        return thrown instanceof Error ? thrown.message : String(thrown);
      }
      return undefined;
    },
    { seed, drive: 'manual', traceLimit: 100 },
  );
  return { traceHash, durationMs, trace, broken: result };
}
