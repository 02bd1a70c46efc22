import type { Deferred } from '../deferred/deferred.ts';
import { SimulationError } from './simulation-error.ts';
import type { Timeline } from './timeline.ts';

/** How far a driver goes. */
export interface RunLimits {
  /** Virtual milliseconds from now. @defaultValue 3_600_000 */
  readonly limitMs?: number | undefined;
}

const DEFAULT_LIMIT_MS = 3_600_000;
const MAX_CALLS_OF_A_MOMENT = 1_000_000;

/**
 * Lets time pass inside of one call, for protocols that need no promise: deterministic to the byte. What waits for a
 * promise, as a stream does, gets its turn only after the call has returned; use {@link SettledDriver} for that.
 */
export class SyncDriver {
  readonly #timeline: Timeline;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /**
   * Lets `ms` pass.
   * @throws SimulationError `HAWSER_SIMULATION` if the calls of one moment never end
   */
  advance(ms: number): void {
    const until = this.#timeline.in(ms);
    this.#run(until, () => false);
    this.#timeline.jump(until);
  }

  /**
   * Lets time pass until nothing is scheduled, or the limit is reached.
   * @throws SimulationError as {@link advance}
   */
  run(limits: RunLimits = {}): 'idle' | 'limit' {
    const { limitMs = DEFAULT_LIMIT_MS } = limits;
    const until = this.#timeline.now + limitMs;
    this.#run(until, () => false);
    if (this.#timeline.next === undefined) return 'idle';
    this.#timeline.jump(until);
    return 'limit';
  }

  /**
   * Lets time pass until `deferred` is settled and gives its value, or throws its error.
   * @throws SimulationError `HAWSER_SIMULATION` if it does not settle within the limit, or waits for a promise
   */
  until<T>(deferred: Deferred<T>, limits: RunLimits = {}): T {
    const { limitMs = DEFAULT_LIMIT_MS } = limits;
    this.#run(this.#timeline.now + limitMs, () => deferred.peek().state !== 'pending');
    const outcome = deferred.peek();
    if (outcome.state === 'fulfilled') return outcome.value;
    if (outcome.state === 'rejected') {
      // Whoever called has heard of it.
      void deferred.addErrback(() => undefined);
      throw outcome.error;
    }
    throw new SimulationError(
      `Cannot go on as the answer did not come within ${limitMs} virtual ms`,
    );
  }

  #run(until: number, isDone: () => boolean): void {
    let at = this.#timeline.now;
    let calls = 0;
    while (!isDone() && this.#timeline.runNext(until)) {
      calls = this.#timeline.now > at ? 0 : calls + 1;
      at = this.#timeline.now;
      if (calls > MAX_CALLS_OF_A_MOMENT) {
        throw new SimulationError(`Cannot advance: ${calls} calls and no time passed`);
      }
    }
  }
}
