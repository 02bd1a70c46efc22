import timers from 'node:timers';
import type { PoolWatch } from './pool-watch.ts';
import type { Timeline } from './timeline.ts';

/** When the real event loop counts as quiet, so that virtual time may go on. */
export interface SettleOptions {
  /** Turns of the real loop without anything new. Borrowed libraries need some between two steps. @defaultValue 6 */
  readonly turns?: number | undefined;
  /**
   * Real milliseconds to wait after that. For work in node's thread pool that cannot be seen, such as compression.
   * @defaultValue 0
   */
  readonly realMs?: number | undefined;
  /** Wait for files, name lookups and cryptography in the thread pool, which can be seen. @defaultValue true */
  readonly watchPool?: boolean | undefined;
}

/** How far a {@link LoopDriver} goes. */
export interface DriveOptions {
  /** Virtual time at which it stops. */
  readonly until: number;
  /** Asked before each step. */
  readonly isDone: () => boolean;
}

/** Why a {@link LoopDriver} stopped: it was done, the time was up, or nothing is scheduled any more. */
export type Stopped = 'done' | 'limit' | 'idle';

// Taken now, as the timers of the process are virtual while it runs; an import by name would follow them.
const { setImmediate, setTimeout } = timers;
const turn = (): Promise<void> => new Promise((done) => void setImmediate(done));
const realTime = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));

/** Lets virtual time pass on the real event loop: it jumps only when the loop is quiet. */
export class LoopDriver {
  readonly #timeline: Timeline;
  readonly #pool: PoolWatch;
  readonly #settle: {
    readonly turns: number;
    readonly realMs: number;
    readonly watchPool: boolean;
  };

  constructor(timeline: Timeline, pool: PoolWatch, settle: SettleOptions = {}) {
    const { turns = 6, realMs = 0, watchPool = true } = settle;
    this.#timeline = timeline;
    this.#pool = pool;
    this.#settle = { turns, realMs, watchPool };
  }

  async run(options: DriveOptions): Promise<Stopped> {
    const watch = this.#settle.watchPool ? this.#pool.watch() : undefined;
    try {
      return await this.#run(options);
    } finally {
      watch?.[Symbol.dispose]();
    }
  }

  async #run({ until, isDone }: DriveOptions): Promise<Stopped> {
    for (;;) {
      if (isDone()) return 'done';
      if (this.#isDue) {
        this.#timeline.runNext(this.#timeline.now);
        await turn();
        continue;
      }
      await this.settle(isDone);
      if (isDone()) return 'done';
      const { next } = this.#timeline;
      if (next === undefined) return 'idle';
      if (next > until) {
        this.#timeline.jump(until);
        return 'limit';
      }
      this.#timeline.runNext(next);
      await turn();
    }
  }

  /** Waits until the real loop is quiet, or something is due now. */
  async settle(isDone: () => boolean = () => false): Promise<void> {
    const { turns, realMs } = this.#settle;
    let quiet = 0;
    let seen = this.#timeline.changes;
    while (quiet < turns && !this.#isDue && !isDone()) {
      await turn();
      if (this.#timeline.changes === seen && this.#pool.pending === 0) {
        quiet += 1;
        if (quiet === turns && realMs > 0) await realTime(realMs);
        if (this.#timeline.changes !== seen) quiet = 0;
      } else {
        quiet = 0;
      }
      seen = this.#timeline.changes;
    }
  }

  /** Waits a moment of real time, for work that only the real world can finish. */
  idle(): Promise<void> {
    return realTime(1);
  }

  get #isDue(): boolean {
    const { next, now } = this.#timeline;
    return next !== undefined && next <= now;
  }
}
