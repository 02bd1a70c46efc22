import { AsyncLocalStorage } from 'node:async_hooks';
import type { LoopDriver } from './loop-driver.ts';
import { SimulationError } from './simulation-error.ts';
import type { Timeline } from './timeline.ts';

/** What an {@link AutoDriver} is made of. */
export interface AutoDriverParts {
  readonly timeline: Timeline;
  readonly driver: LoopDriver;
  /** Virtual time at which it stops for good. */
  readonly limitMs: number;
  readonly failed: (error: Error) => void;
}

/**
 * Lets time pass by itself: as soon as something is scheduled, and whenever the real event loop is quiet, it jumps to
 * what is due next. So a test just awaits.
 */
export class AutoDriver {
  readonly #parts: AutoDriverParts;
  /** Whoever schedules something first must not lend its async context to all that follows. */
  readonly #inScope: (call: () => void) => void = AsyncLocalStorage.snapshot();
  #running = false;
  #stopped = false;

  constructor(parts: AutoDriverParts) {
    this.#parts = parts;
    parts.timeline.onChange = () => this.#wake();
  }

  /** Lets no more time pass, from the next turn on. For good: somebody else drives from now on. */
  stop(): void {
    this.#stopped = true;
    this.#parts.timeline.onChange = undefined;
  }

  #wake(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    this.#inScope(() => void this.#run());
  }

  async #run(): Promise<void> {
    const { driver, limitMs, failed } = this.#parts;
    // Whatever is scheduled in this turn belongs to one step.
    await driver.settle();
    const stopped = await driver.run({ until: limitMs, isDone: () => this.#stopped });
    this.#running = false;
    // Something may have been scheduled while the answer was on its way.
    if (stopped === 'idle' && this.#parts.timeline.next !== undefined) this.#wake();
    if (stopped !== 'limit') return;
    this.stop();
    failed(
      new SimulationError(
        `Cannot let more than ${limitMs} virtual ms pass by itself: use sim.settled or sim.sync`,
      ),
    );
  }
}
