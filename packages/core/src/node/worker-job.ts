import { AsyncResource } from 'node:async_hooks';
import { currentContext, enter, type Guard } from '../connection/entry.ts';
import type { Context } from '../contract/context.ts';
import type { Reports } from '../contract/reports.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { ConnectionError, UsageError } from '../errors.ts';
import { reviveError, type WorkerAnswer, type WorkerRequest } from './worker-message.ts';

/** What a {@link WorkerJob} is made of. */
export interface WorkerJobParts extends WorkerRequest {
  readonly answer: Deferred<unknown>;
  readonly reports: Reports;
}

/** A call that a thread makes, and who waits for its answer. */
export class WorkerJob implements WorkerRequest, Guard {
  readonly id: number;
  readonly module: string;
  readonly name: string;
  readonly context: Context | undefined = currentContext();
  readonly #parts: WorkerJobParts;
  /** Callbacks run on behalf of whoever asked, and not of whoever started the thread. */
  readonly #origin = new AsyncResource('HawserWorkerJob');
  #args: readonly unknown[];

  constructor(parts: WorkerJobParts) {
    this.id = parts.id;
    this.module = parts.module;
    this.name = parts.name;
    this.#args = parts.args;
    this.#parts = parts;
  }

  get args(): readonly unknown[] {
    return this.#args;
  }

  /** Makes it independent of its caller, who may change the arguments. @throws DOMException `DataCloneError` */
  cloneArgs(): void {
    this.#args = structuredClone(this.#args);
  }

  answered(answer: WorkerAnswer): void {
    switch (answer.at) {
      case 'done':
        return this.#settle((deferred) => deferred.resolve(answer.value));
      case 'failed':
        return this.reject(reviveError(answer.error));
      case 'misused':
        return this.misused(answer.why);
    }
  }

  misused(why: string): void {
    this.reject(
      new UsageError('HAWSER_THREAD_JOB', `Cannot run ${this.#label} in a thread as ${why}`),
    );
  }

  lost(error: Error | undefined): void {
    const why = error ? `its thread failed: ${error.message}` : 'it ended its thread';
    const message = `Cannot finish ${this.#label} as ${why}`;
    this.reject(new ConnectionError('HAWSER_THREAD_LOST', message, { cause: error }));
  }

  refused(limit: number): void {
    const message = `Cannot run ${this.#label} as too many jobs wait for a thread: ${limit}`;
    this.reject(new ConnectionError('HAWSER_THREADS_BUSY', message));
  }

  reject(error: Error): void {
    this.#settle((deferred) => deferred.reject(error));
  }

  failed(callback: string, thrown: unknown): void {
    this.#parts.reports.problem(`threads.${callback}`, thrown);
  }

  get #label(): string {
    return `${this.module}#${this.name}`;
  }

  #settle(how: (answer: Deferred<unknown>) => void): void {
    this.#origin.runInAsyncScope(() =>
      enter(this, 'answered', () => how(this.#parts.answer), undefined),
    );
  }
}
