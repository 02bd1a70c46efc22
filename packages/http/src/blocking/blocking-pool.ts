import { ConnectionError, type DelayedCall, type Has, toError, UsageError } from '@hawser/core';
import type { BlockingJob } from './blocking-job.ts';
import type { AnswerMessage } from './channel.ts';
import type { Lane, LaneEvents } from './lane.ts';

/** What a {@link BlockingPool} is made of. */
export interface BlockingPoolParts {
  readonly reactor: Has<'clock' | 'reports'>;
  /** Makes a worker. May throw, as when the system is short of threads. */
  readonly makeLane: (events: LaneEvents) => Lane;
  /** Most workers. */
  readonly workers: number;
  readonly maxQueue: number;
  readonly killAfterMs: number;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

type LaneState =
  | { readonly at: 'starting' | 'idle' | 'ending' }
  | { readonly at: 'busy'; readonly job: BlockingJob }
  /** Told that nobody wants the answer; ended when it does not obey in time. */
  | { readonly at: 'cancelled'; readonly job: BlockingJob; readonly kill: DelayedCall };

/** Gives requests to workers: in order, one each, with a limit on those that wait. Workers are made when they are needed. */
export class BlockingPool implements LaneEvents {
  readonly #parts: BlockingPoolParts;
  readonly #lanes = new Map<Lane, LaneState>();
  readonly #waiting = new Set<BlockingJob>();
  readonly #watchers = new Set<() => void>();
  /** Workers that failed in a row. */
  #failures = 0;
  #notBefore = 0;
  #growing: DelayedCall | undefined;
  #stopping: Promise<void> | undefined;
  /** Why the module cannot be used. */
  #unusable: Error | undefined;

  constructor(parts: BlockingPoolParts) {
    this.#parts = parts;
  }

  /** Workers that exist. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Requests that a worker has or that wait for one. */
  get busy(): number {
    let busy = this.#waiting.size;
    for (const { at } of this.#lanes.values()) if (at === 'busy' || at === 'cancelled') busy += 1;
    return busy;
  }

  /** Whether another request would be refused. */
  get full(): boolean {
    return this.#stopping !== undefined || this.#waiting.size >= this.#parts.maxQueue;
  }

  place(job: BlockingJob): void {
    for (const [lane, { at }] of this.#lanes) {
      if (at !== 'idle') continue;
      if (!this.#begin(lane, job)) this.#next(lane);
      return;
    }
    if (this.full) return job.refuse();
    const { clock } = this.#parts.reactor;
    if (this.#unusable && clock.now() < this.#notBefore) return job.fail(this.#unusable);
    this.#waiting.add(job);
    job.wait();
    this.#grow();
  }

  /** The job was given up: it need not be done, and the worker that does it should stop. */
  abandoned(job: BlockingJob): void {
    if (this.#waiting.delete(job)) return this.#changed();
    for (const [lane, state] of this.#lanes) {
      if (state.at !== 'busy' || state.job !== job) continue;
      const { clock } = this.#parts.reactor;
      const kill = clock.callLater(this.#parts.killAfterMs, () => this.#end(lane));
      this.#lanes.set(lane, { at: 'cancelled', job, kill });
      lane.cancel();
    }
  }

  /** Makes all workers now. Settles when they have loaded the module; fails, with none left, when they cannot. */
  async warm(): Promise<void> {
    this.#unusable = undefined;
    try {
      while (!this.#stopping && this.#lanes.size < this.#parts.workers) {
        this.#lanes.set(this.#parts.makeLane(this), { at: 'starting' });
      }
    } catch (thrown) {
      this.#unusable = toError(thrown);
    }
    while (!this.#unusable && this.#starting > 0) await this.#change();
    if (this.#stopping) {
      throw new ConnectionError('HAWSER_CLOSED', 'Cannot start threads as they were stopped');
    }
    if (this.#unusable) {
      await this.#clear();
      throw this.#unusable;
    }
  }

  /** Settles when nothing is left to do, or at the deadline, in milliseconds on the clock. Gives what is left then. */
  async drain(deadline: number): Promise<number> {
    const { clock } = this.#parts.reactor;
    const timer = clock.callLater(deadline - clock.now(), () => this.#changed());
    while (this.busy > 0 && clock.now() < deadline) await this.#change();
    timer.cancel();
    return this.busy;
  }

  /** Ends every worker, for good, and refuses what they were doing. Settles when they are gone. */
  stop(): Promise<void> {
    this.#stopping ??= this.#clear();
    return this.#stopping;
  }

  async #clear(): Promise<void> {
    this.#growing?.cancel();
    for (const job of this.#waiting) job.refuse();
    for (const [lane, state] of this.#lanes) {
      if (state.at === 'busy') state.job.refuse();
      this.#end(lane);
    }
    this.#changed();
    while (this.#lanes.size > 0) await this.#change();
  }

  ready(lane: Lane): void {
    if (this.#lanes.get(lane)?.at !== 'starting') return;
    this.#unusable = undefined;
    this.#next(lane);
  }

  unusable(lane: Lane, error: Error): void {
    this.#unusable = error;
    this.#end(lane);
    this.#failed();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const job of waiting) job.fail(error);
  }

  answered(lane: Lane, message: AnswerMessage): void {
    const state = this.#lanes.get(lane);
    if (state?.at !== 'busy' && state?.at !== 'cancelled') return;
    if (!state.job.answered(message)) return;
    // It may have been given up just now.
    const now = this.#lanes.get(lane);
    if (now?.at === 'cancelled') now.kill.cancel();
    this.#failures = 0;
    this.#next(lane);
  }

  lost(lane: Lane, error: Error | undefined): void {
    const state = this.#lanes.get(lane);
    this.#lanes.delete(lane);
    if (state?.at === 'cancelled') state.kill.cancel();
    if (state && state.at !== 'ending') {
      this.#failed();
      if (state.at === 'busy') state.job.lost(error);
      else this.#lostIdle(state.at, error);
    }
    this.#grow();
    this.#changed();
  }

  /** It had no request that could be told. */
  #lostIdle(at: LaneState['at'], error: Error | undefined): void {
    const message = 'Cannot go on in a thread as the module has ended it';
    const problem = error ?? new UsageError('HAWSER_THREAD_JOB', message);
    if (at === 'starting') this.#unusable = problem;
    this.#parts.reactor.reports.problem('http.blocking', problem);
  }

  /** Tells whether the worker has it. */
  #begin(lane: Lane, job: BlockingJob): boolean {
    this.#lanes.set(lane, { at: 'busy', job });
    return job.begin(lane);
  }

  /** Gives a free worker something to do. */
  #next(lane: Lane): void {
    for (const job of this.#waiting) {
      this.#waiting.delete(job);
      if (this.#begin(lane, job)) return this.#changed();
    }
    this.#lanes.set(lane, { at: 'idle' });
    lane.rest();
    this.#changed();
  }

  /** Those who wait need workers, as far as there may be more. */
  #grow(): void {
    if (this.#stopping) return;
    if (this.#waiting.size <= this.#starting || this.#lanes.size >= this.#parts.workers) return;
    const { clock } = this.#parts.reactor;
    const delay = this.#notBefore - clock.now();
    if (delay <= 0) return this.#add();
    if (this.#growing?.active) return;
    this.#growing = clock.callLater(delay, () => this.#grow());
  }

  #add(): void {
    try {
      this.#lanes.set(this.#parts.makeLane(this), { at: 'starting' });
    } catch (thrown) {
      this.#failed();
      this.#parts.reactor.reports.problem('http.blocking', thrown);
      // Later, as there is a pause now.
      this.#grow();
    }
  }

  get #starting(): number {
    let starting = 0;
    for (const { at } of this.#lanes.values()) if (at === 'starting') starting += 1;
    return starting;
  }

  #end(lane: Lane): void {
    const state = this.#lanes.get(lane);
    if (state?.at === 'cancelled') state.kill.cancel();
    this.#lanes.set(lane, { at: 'ending' });
    lane.end();
  }

  /** A worker that fails at once must not be made again and again without a pause. */
  #failed(): void {
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#notBefore = this.#parts.reactor.clock.now() + delay;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.add(resolve);
    });
  }

  #changed(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const each of watchers) each();
  }
}
