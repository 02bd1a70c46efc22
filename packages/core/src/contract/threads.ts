import type { Deferred } from '../deferred/deferred.ts';
import type { OperationOptions } from './tcp.ts';

/** Options for {@link Threads.run}. */
export interface ThreadOptions extends OperationOptions {
  /** The exported function to call. @defaultValue "default" */
  readonly name?: string | undefined;
  /** Longest wait for the answer, in milliseconds, waiting for a free thread included. 0 waits for ever. @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * A pool of worker threads for code that would block the reactor. Functions and their closures cannot cross threads:
 * a job is the URL of a module and the name of a function it exports.
 */
export interface Threads {
  /**
   * Calls a function of `module` in a thread. `args` and the answer are structured clones. Cancelling, or a timeout,
   * ends the thread that is busy with it.
   * @throws UsageError `HAWSER_THREAD_JOB` if `module` is a function or an argument cannot be cloned
   * @throws ConnectionError `HAWSER_THREADS_BUSY` if too many jobs wait, and whatever the function throws
   */
  run<T>(module: URL | string, args?: readonly unknown[], options?: ThreadOptions): Deferred<T>;
  /** Ends all threads; jobs that run are cancelled. Idle threads do not keep the process alive. */
  stop(): Deferred<void>;
}
