import type { Lifecycle } from '../contract/lifecycle.ts';
import { Deferred } from '../deferred/deferred.ts';

/** Signals that ask an application to stop. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Counts how urgently the process is asked to stop: the first time politely, then now, then at once. */
export class StopRequests implements Disposable {
  /** Fulfilled by the first signal, or by `lifecycle.requestStop()`. */
  readonly stop: Deferred<void> = new Deferred();
  /** Fulfilled by the next signal: do not wait for work to finish. */
  readonly force: Deferred<void> = new Deferred();
  /** Fulfilled by the signal after that: do not wait for anything. */
  readonly exit: Deferred<void> = new Deferred();
  readonly #subscriptions: readonly Disposable[];
  readonly #stopping: AbortSignal;

  constructor(lifecycle: Lifecycle, signals: readonly StopSignal[]) {
    this.#stopping = lifecycle.stopping;
    if (this.#stopping.aborted) this.stop.resolve();
    else this.#stopping.addEventListener('abort', this.#stop);
    this.#subscriptions = signals.map((signal) =>
      lifecycle.onSignal(signal, () => {
        if (this.stop.peek().state === 'pending') lifecycle.requestStop();
        else if (this.force.peek().state === 'pending') this.force.resolve();
        else this.exit.resolve();
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#stopping.removeEventListener('abort', this.#stop);
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  readonly #stop = (): void => this.stop.resolve();
}
