import { type Scenario, simulate } from '../src/sim/replay.ts';
import type { SimulationOptions } from '../src/sim/simulation.ts';

/**
 * Runs a scenario on a simulation of its own and fails if it leaves anything behind: a port, a connection, a timer, a
 * problem nobody took. The error names each with its owner and where it was made.
 * @throws SimulationError `HAWSER_SIMULATION`
 */
export async function withoutLeaks<T>(
  scenario: Scenario<T>,
  options: SimulationOptions = {},
): Promise<T> {
  const { result } = await simulate(
    async (sim) => {
      const given = await scenario(sim);
      sim.assertNoLeaks();
      return given;
    },
    { trackLeaks: true, ...options },
  );
  return result;
}
