import { Simulation, type SimulationOptions } from './simulation.ts';
import { SimulationError } from './simulation-error.ts';

/** What a {@link simulate} run gave. */
export interface Simulated<T> {
  readonly seed: number;
  readonly result: T;
  readonly trace: readonly string[];
  readonly traceHash: string;
  /** Virtual milliseconds it took. */
  readonly durationMs: number;
}

/** What happens in a simulation. */
export type Scenario<T> = (sim: Simulation) => T | PromiseLike<T>;

/**
 * Runs `scenario` on a simulation of its own and closes it.
 * @throws SimulationError `HAWSER_SIMULATION` with the seed, whose `cause` is what went wrong
 */
export async function simulate<T>(
  scenario: Scenario<T>,
  options: SimulationOptions = {},
): Promise<Simulated<T>> {
  const sim = new Simulation(options);
  const { seed } = sim;
  try {
    const result = await scenario(sim);
    const [trace, traceHash, durationMs] = [sim.trace(), sim.traceHash, sim.now()];
    return { seed, result, trace, traceHash, durationMs };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SimulationError(`Cannot finish the simulation with seed ${seed}: ${why}`, { cause });
  } finally {
    sim.close();
  }
}

/**
 * Runs `scenario` twice with the same seed and gives the second run.
 * @throws SimulationError `HAWSER_SIMULATION` if the runs differ, with the first line that does, or if one fails
 */
export async function replay<T>(
  seed: number,
  scenario: Scenario<T>,
  options: Omit<SimulationOptions, 'seed'> = {},
): Promise<Simulated<T>> {
  const first = await simulate(scenario, { ...options, seed });
  const second = await simulate(scenario, { ...options, seed });
  if (first.traceHash === second.traceHash) return second;
  throw new SimulationError(
    `Cannot replay seed ${seed} as ${difference(first.trace, second.trace)}`,
  );
}

function difference(first: readonly string[], second: readonly string[]): string {
  const longer = first.length >= second.length ? first : second;
  const at = longer.findIndex((_, index) => first[index] !== second[index]);
  if (at < 0) return 'the runs differ before what the trace still has: raise traceLimit';
  const [one, other] = [first, second].map((lines) => (at in lines ? `"${lines[at]}"` : 'nothing'));
  return `the runs differ at line ${at + 1}: ${one} and then ${other}`;
}
