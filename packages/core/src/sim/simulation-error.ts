import { HawserError } from '../errors.ts';

/** A simulation cannot go on, did not come out the same again, or left something behind. The message has the seed if known. */
export class SimulationError extends HawserError<'HAWSER_SIMULATION'> {
  override readonly name: string = 'SimulationError';
  constructor(message: string, options?: ErrorOptions) {
    super('HAWSER_SIMULATION', message, options);
  }
}
