import { Worker } from 'node:worker_threads';
import { toError } from '../errors.ts';
import { WORKER_BOOTSTRAP } from './worker-bootstrap.ts';
import type { WorkerAnswer, WorkerRequest } from './worker-message.ts';

/** Who hears of a {@link WorkerThread}. */
export interface WorkerThreadEvents {
  /** An answer, or something that the module itself has posted. */
  answered(thread: WorkerThread, answer: WorkerAnswer | null | undefined): void;
  /** The thread is gone: once, last. `error` is what nobody caught in it. */
  lost(thread: WorkerThread, error: Error | undefined): void;
}

/** Options for a {@link WorkerThread}. */
export interface WorkerThreadOptions {
  /** Node flags instead of those of the process. */
  readonly execArgv?: readonly string[] | undefined;
  readonly maxHeapMb?: number | undefined;
}

/** One worker thread. It keeps the process alive only while it is busy. */
export class WorkerThread {
  readonly #worker: Worker;
  #error: Error | undefined;
  #idling: NodeJS.Timeout | undefined;

  constructor(options: WorkerThreadOptions, events: WorkerThreadEvents) {
    const { execArgv, maxHeapMb } = options;
    this.#worker = new Worker(WORKER_BOOTSTRAP, {
      name: 'hawser',
      ...(execArgv && { execArgv: [...execArgv] }),
      ...(maxHeapMb && { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    this.#worker.on('message', (answer: WorkerAnswer | null | undefined) =>
      events.answered(this, answer),
    );
    this.#worker.on('messageerror', (error) => this.#lose(error));
    // 'exit' follows, in every case.
    this.#worker.on('error', (thrown) => {
      this.#error ??= toError(thrown);
    });
    this.#worker.once('exit', () => {
      clearTimeout(this.#idling);
      events.lost(this, this.#error);
    });
  }

  /** Gives it a job. @throws DOMException `DataCloneError` */
  post({ id, module, name, args }: WorkerRequest): void {
    this.#worker.postMessage({ id, module, name, args });
    clearTimeout(this.#idling);
    this.#worker.ref();
  }

  /** Ends it after `ms` without another job. */
  idle(ms: number): void {
    this.#worker.unref();
    // Not a timer of the reactor: those keep the process alive.
    this.#idling = setTimeout(() => this.end(), ms).unref();
  }

  /** Ends it, in the middle of a job as well. */
  end(): void {
    void this.#worker.terminate();
  }

  #lose(error: Error): void {
    this.#error ??= error;
    this.end();
  }
}
