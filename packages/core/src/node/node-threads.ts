import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Has } from '../contract/reactor.ts';
import type { ThreadOptions, Threads } from '../contract/threads.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { gather } from '../deferred/gather.ts';
import { waitFor } from '../deferred/wait-for.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { CancelledError, toError, UsageError } from '../errors.ts';
import { WorkerJob } from './worker-job.ts';
import type { WorkerAnswer } from './worker-message.ts';
import { WorkerThread, type WorkerThreadOptions } from './worker-thread.ts';

/** Options for the worker threads of a node reactor. */
export interface NodeThreadsOptions extends WorkerThreadOptions {
  /** Most threads at a time. @defaultValue one less than the machine runs at once, at least 1 */
  readonly size?: number | undefined;
  /** Most jobs that wait for a thread; more are refused. @defaultValue 1_000 */
  readonly maxQueue?: number | undefined;
  /** How long a thread waits for another job before it ends, in milliseconds. @defaultValue 10_000 */
  readonly idleMs?: number | undefined;
  /**
   * Node flags of the threads, such as `['--import', 'tsx']`. TypeScript modules load without it where tsx is installed
   * or node reads them itself. @defaultValue those of the process
   */
  readonly execArgv?: readonly string[] | undefined;
  /** Longest heap of a thread in MiB; a job that needs more fails, and its thread ends. @defaultValue that of node */
  readonly maxHeapMb?: number | undefined;
}

const DEFAULT_MAX_QUEUE = 1_000;
const DEFAULT_IDLE_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 30_000;

/** A pool of `node:worker_threads`. It starts nothing before the first job. */
export class NodeThreads implements Threads {
  readonly #reactor: Has<'clock' | 'reports'>;
  readonly #options: NodeThreadsOptions;
  readonly #size: number;
  readonly #maxQueue: number;
  /** All threads that run, with the job they are busy with. Those that end count until they are gone. */
  readonly #threads = new Map<WorkerThread, WorkerJob | 'idle' | 'ending'>();
  readonly #waiting = new Set<WorkerJob>();
  readonly #lost = new Map<WorkerThread, Deferred<void>>();
  #lastId = 0;

  constructor(reactor: Has<'clock' | 'reports'>, options: NodeThreadsOptions = {}) {
    const { size = Math.max(1, availableParallelism() - 1), maxQueue = DEFAULT_MAX_QUEUE } =
      options;
    if (!(size >= 1))
      throw new RangeError(`Cannot make a pool of threads as size must be 1 or more: ${size}`);
    this.#reactor = reactor;
    this.#options = options;
    this.#size = size;
    this.#maxQueue = maxQueue;
  }

  /** Threads that exist. */
  get size(): number {
    return this.#threads.size;
  }

  run<T>(
    module: URL | string,
    args: readonly unknown[] = [],
    options: ThreadOptions = {},
  ): Deferred<T> {
    const { name = 'default', timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    const url = moduleUrl(module);
    const { reports } = this.#reactor;
    if (url instanceof UsageError) return fail(url, { reports, where: 'threads.run' });
    const answer = new Deferred<T>({
      canceller: () => this.#abandon(job),
      reports,
      where: `${url}#${name}`,
    });
    this.#lastId += 1;
    const job = new WorkerJob({
      id: this.#lastId,
      module: url,
      name,
      args,
      answer: answer as Deferred<unknown>,
      reports,
    });
    this.#place(job);
    const bounded = timeoutMs > 0 ? answer.timeout(timeoutMs, this.#reactor.clock) : answer;
    return withSignal(bounded, signal);
  }

  stop(): Deferred<void> {
    const waiting = [...this.#waiting];
    const ending = [...this.#threads].map(([thread, job]) => {
      const lost = this.#end(thread);
      if (typeof job === 'object') waiting.push(job);
      return lost;
    });
    this.#waiting.clear();
    for (const job of waiting) {
      job.reject(new CancelledError('Cannot finish the job as the threads were stopped'));
    }
    return gather(ending.map(waitFor)).addCallback(() => undefined);
  }

  #place(job: WorkerJob): void {
    let thread: WorkerThread | undefined;
    try {
      thread = this.#idleThread() ?? this.#newThread();
    } catch (thrown) {
      // Flags that no thread can have, for example.
      job.reject(toError(thrown));
      return;
    }
    try {
      if (thread) {
        this.#assign(thread, job);
      } else if (this.#waiting.size >= this.#maxQueue) {
        job.refused(this.#maxQueue);
      } else {
        job.cloneArgs();
        this.#waiting.add(job);
      }
    } catch (thrown) {
      job.misused(`an argument cannot be cloned, pass plain data: ${toError(thrown).message}`);
      if (thread) this.#next(thread);
    }
  }

  #idleThread(): WorkerThread | undefined {
    for (const [thread, job] of this.#threads) if (job === 'idle') return thread;
    return undefined;
  }

  #newThread(): WorkerThread | undefined {
    if (this.#threads.size >= this.#size) return undefined;
    const thread = new WorkerThread(this.#options, {
      answered: (_, answer) => this.#answered(thread, answer),
      lost: (_, error) => this.#threadLost(thread, error),
    });
    this.#threads.set(thread, 'idle');
    return thread;
  }

  #assign(thread: WorkerThread, job: WorkerJob): void {
    thread.post(job);
    this.#threads.set(thread, job);
  }

  /** Gives a free thread something to do. */
  #next(thread: WorkerThread): void {
    const [job] = this.#waiting;
    if (job) {
      this.#waiting.delete(job);
      this.#assign(thread, job);
    } else {
      this.#threads.set(thread, 'idle');
      thread.idle(this.#options.idleMs ?? DEFAULT_IDLE_MS);
    }
  }

  #answered(thread: WorkerThread, answer: WorkerAnswer | null | undefined): void {
    const job = this.#threads.get(thread);
    // It may have answered while it was being ended, and what a module posts by itself arrives here as well.
    if (typeof job !== 'object' || answer?.id !== job.id) return;
    this.#next(thread);
    job.answered(answer);
  }

  #threadLost(thread: WorkerThread, error: Error | undefined): void {
    const job = this.#threads.get(thread);
    this.#threads.delete(thread);
    this.#lost.get(thread)?.resolve();
    this.#lost.delete(thread);
    if (this.#waiting.size > 0) this.#replace();
    if (typeof job === 'object') {
      job.lost(error);
    } else if (job === 'idle' && error) {
      // Something a job left behind, a timer for example.
      this.#reactor.reports.problem('threads', error);
    }
  }

  /** Those who wait need a thread in place of one that is gone. */
  #replace(): void {
    try {
      const replacement = this.#newThread();
      if (replacement) this.#next(replacement);
    } catch (thrown) {
      // The system may be short of them. Where there are others, these will do.
      if (this.#threads.size > 0) return;
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const each of waiting) each.reject(toError(thrown));
    }
  }

  #abandon(job: WorkerJob): void {
    if (this.#waiting.delete(job)) return;
    for (const [thread, busyWith] of this.#threads) if (busyWith === job) void this.#end(thread);
  }

  #end(thread: WorkerThread): Deferred<void> {
    const lost = this.#lost.get(thread) ?? new Deferred<void>();
    this.#lost.set(thread, lost);
    this.#threads.set(thread, 'ending');
    thread.end();
    return lost;
  }
}

function moduleUrl(module: URL | string): string | UsageError {
  if (module instanceof URL) return module.href;
  if (typeof module === 'string' && isAbsolute(module)) return pathToFileURL(module).href;
  if (typeof module === 'string' && URL.canParse(module)) return module;
  const [what, why] =
    typeof module === 'function'
      ? ['a function', 'it cannot cross threads']
      : [JSON.stringify(module), 'it is not an absolute URL'];
  return new UsageError(
    'HAWSER_THREAD_JOB',
    `Cannot run ${what} in a thread as ${why}: export a function from a module and give new URL('./module.js', import.meta.url)`,
  );
}
