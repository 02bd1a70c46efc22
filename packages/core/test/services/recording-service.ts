import type { Service } from '../../src/contract/service.ts';
import { Deferred } from '../../src/deferred/deferred.ts';

/** A service that writes down what is asked of it, and takes as long as the test wants. */
export function recordingService(
  name: string,
  log: string[],
  also: Partial<Service> = {},
): Service {
  const note = (what: string) => async (): Promise<void> => void log.push(`${name} ${what}`);
  return {
    name,
    start: note('start'),
    quiesce: note('quiesce'),
    async drain() {
      log.push(`${name} drain`);
      return { [name]: { finished: 1, aborted: 0 } };
    },
    stop: note('stop'),
    describe: () => [`tcp://${name}`],
    ...also,
  };
}

/** Something that never happens. */
export function never(): Deferred<never> {
  return new Deferred<never>();
}
