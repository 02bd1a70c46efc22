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
  const at = first.trace.findIndex((line, index) => line !== second.trace[index]);
  const [one, other] = [first.trace[at], second.trace[at]];
  throw new SimulationError(
    `Cannot replay seed ${seed} as the runs differ at line ${at + 1}: "${one}" and then "${other}"`,
  );
}
