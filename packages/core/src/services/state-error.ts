import { UsageError } from '../errors.ts';

/** A service was asked for something it cannot do in its state. */
export function stateError(name: string, wanted: string, state: string): UsageError {
  return new UsageError(
    'HAWSER_SERVICE_STATE',
    `Cannot ${wanted} service "${name}": it is ${state}`,
  );
}
