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
 * a job is the URL of a module and the name of a function it exports. The module stays loaded in its thread, so that
 * what it keeps at its top is shared by the jobs of one thread, in no order to rely on.
 */
export interface Threads {
  /**
   * Calls a function of `module` in a thread. `args` and the answer are structured clones; an answer may be a promise.
   * What the function throws arrives with its name, message, code, stack, causes and, of an `AggregateError`, the first
   * eight errors. Cancelling, or a timeout, ends the thread that is busy with it.
   *
   * @example
   * const hash = await reactor.threads.run<string>(new URL('./hash.js', import.meta.url), [password]);
   * @throws UsageError `HAWSER_THREAD_JOB` if `module` is not a URL, has no such function, or an argument or the
   * answer cannot be cloned
   * @throws ConnectionError `HAWSER_THREADS_BUSY` if too many jobs wait, `HAWSER_THREAD_LOST` if the thread ended
   * under the job: it called `process.exit` or ran out of memory
   * @throws TimeoutError `HAWSER_TIMEOUT`
   */
  run<T>(module: URL | string, args?: readonly unknown[], options?: ThreadOptions): Deferred<T>;
  /**
   * Ends all threads and cancels the jobs; settles when the threads are gone. Idle threads do not keep the process
   * alive, so that nobody has to. A later `run` begins anew.
   */
  stop(): Deferred<void>;
}
