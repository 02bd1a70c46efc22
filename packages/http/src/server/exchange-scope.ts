import type { Clock } from '@hawser/core';

/** What an {@link ExchangeScope} needs of its connection. */
export interface ScopeOptions {
  readonly clock: Pick<Clock, 'callSoon'>;
  /** Hears what a listener throws. */
  readonly failed: (thrown: unknown) => void;
}

/**
 * Who wants to know what becomes of an exchange: that its peer leaves, that the process wants to stop, that the answer has
 * left. Made when the first one asks, as most exchanges are over before anybody does.
 */
export class ExchangeScope {
  readonly #options: ScopeOptions;
  readonly #gone = new Listeners<Error>();
  readonly #drain = new Listeners<void>();
  #controller: AbortController | undefined;
  #abortedBecause: Error | undefined;
  #goneBecause: Error | undefined;
  #draining = false;
  #over = false;
  #done: { readonly promise: Promise<void>; readonly settle: () => void } | undefined;

  constructor(options: ScopeOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#abortedBecause) this.#controller.abort(this.#abortedBecause);
    }
    return this.#controller.signal;
  }

  get done(): Promise<void> {
    if (this.#over) return Promise.resolve();
    if (!this.#done) {
      let settle: () => void = ignore;
      const promise = new Promise<void>((resolve) => {
        settle = resolve;
      });
      this.#done = { promise, settle };
    }
    return this.#done.promise;
  }

  /** In a later turn if that has happened already. */
  onGone(listener: (reason: Error) => void): Disposable {
    const entry = this.#gone.add(listener);
    const reason = this.#goneBecause;
    if (reason) this.#options.clock.callSoon(() => this.#gone.tell(reason, this.#options.failed));
    return entry;
  }

  /** In a later turn if that has happened already. */
  onDrain(listener: () => void): Disposable {
    const entry = this.#drain.add(listener);
    if (this.#draining) this.#options.clock.callSoon(() => this.#tellDrain());
    return entry;
  }

  /** Aborts the signal alone: the peer may still be there for the answer. */
  abort(reason: Error): void {
    this.#abortedBecause ??= reason;
    this.#controller?.abort(reason);
  }

  /** The process wants to stop. */
  drain(): void {
    this.#draining = true;
    this.#tellDrain();
  }

  /** The peer is gone. */
  cancel(reason: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#goneBecause = reason;
    this.abort(reason);
    this.#gone.tell(reason, this.#options.failed);
    this.#done?.settle();
  }

  /** The answer has left: nobody is told anything any more. */
  finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#gone.clear();
    this.#done?.settle();
  }

  #tellDrain(): void {
    if (this.#over) this.#drain.clear();
    else this.#drain.tell(undefined, this.#options.failed);
  }
}

class Listeners<T> {
  #entries: { readonly listener: (value: T) => void }[] = [];

  add(listener: (value: T) => void): Disposable {
    const entry = { listener };
    this.#entries.push(entry);
    return {
      [Symbol.dispose]: () => {
        this.#entries = this.#entries.filter((each) => each !== entry);
      },
    };
  }

  /** Each hears once. One that throws does not keep the others from hearing. */
  tell(value: T, failed: (thrown: unknown) => void): void {
    const entries = this.#entries;
    this.#entries = [];
    for (const { listener } of entries) {
      try {
        listener(value);
      } catch (thrown) {
        failed(thrown);
      }
    }
  }

  clear(): void {
    this.#entries = [];
  }
}

function ignore(): void {}
