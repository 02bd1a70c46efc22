import type { GlobalTimers } from './global-timers.ts';
import type { LoopDriver } from './loop-driver.ts';
import { SimulationError } from './simulation-error.ts';
import type { RunLimits } from './sync-driver.ts';
import type { Timeline } from './timeline.ts';

const DEFAULT_LIMIT_MS = 3_600_000;
/** Real milliseconds to wait for something that only the real world can finish. */
const MAX_IDLE_MS = 5_000;

/**
 * Lets time pass on the real event loop, for streams and borrowed libraries: the timers of the process are virtual
 * while it runs, and time jumps only when the loop is quiet. As deterministic as the borrowed code is.
 */
export class SettledDriver {
  readonly #timeline: Timeline;
  readonly #driver: LoopDriver;
  readonly #timers: GlobalTimers;

  constructor(timeline: Timeline, driver: LoopDriver, timers: GlobalTimers) {
    this.#timeline = timeline;
    this.#driver = driver;
    this.#timers = timers;
  }

  /**
   * Lets time pass until `work` has settled, and gives its value or throws its error. A function is called when the
   * timers are captured already, so that libraries it starts are in virtual time from the beginning.
   * @throws SimulationError `HAWSER_SIMULATION` if it does not settle within the limit, or nothing happens any more
   */
  until<T>(work: PromiseLike<T> | (() => PromiseLike<T>), limits: RunLimits = {}): Promise<T> {
    const { limitMs = DEFAULT_LIMIT_MS } = limits;
    return this.#captured(() => this.#settled(work, limitMs));
  }

  /** Lets `ms` pass. */
  elapse(ms: number): Promise<void> {
    return this.#captured(async () => {
      const until = this.#timeline.in(ms);
      await this.#driver.run({ until, isDone: () => false });
      this.#timeline.jump(until);
    });
  }

  /** Lets time pass until nothing is scheduled, or the limit is reached. */
  run(limits: RunLimits = {}): Promise<'idle' | 'limit'> {
    const { limitMs = DEFAULT_LIMIT_MS } = limits;
    return this.#captured(async () => {
      const until = this.#timeline.now + limitMs;
      const stopped = await this.#driver.run({ until, isDone: () => false });
      return stopped === 'idle' ? 'idle' : 'limit';
    });
  }

  async #captured<T>(drive: () => Promise<T>): Promise<T> {
    const captured = this.#timers.capture();
    try {
      return await drive();
    } finally {
      captured[Symbol.dispose]();
    }
  }

  async #settled<T>(work: PromiseLike<T> | (() => PromiseLike<T>), limitMs: number): Promise<T> {
    const until = this.#timeline.now + limitMs;
    const answer = Promise.resolve(typeof work === 'function' ? work() : work);
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    answer.then(done, done);
    for (let idleMs = 0; idleMs < MAX_IDLE_MS; ) {
      const stopped = await this.#driver.run({ until, isDone: () => isDone });
      if (stopped === 'done') return answer;
      if (stopped === 'limit') {
        throw new SimulationError(
          `Cannot go on as the answer did not come within ${limitMs} virtual ms`,
        );
      }
      // Perhaps the thread pool is at work where nobody can see it.
      await this.#driver.idle();
      idleMs += 1;
    }
    throw new SimulationError('Cannot go on as nothing is scheduled and the answer has not come');
  }
}
