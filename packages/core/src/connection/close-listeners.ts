import type { CloseReason } from '../contract/close-reason.ts';
import type { Has } from '../contract/reactor.ts';

type Listener = (reason: CloseReason) => void;

/** The `onClose` listeners of one connection. One that throws does not keep the others from hearing. */
export class CloseListeners {
  readonly #reactor: Has<'clock' | 'reports'>;
  #listeners: Listener[] = [];
  #reason: CloseReason | undefined;

  constructor(reactor: Has<'clock' | 'reports'>) {
    this.#reactor = reactor;
  }

  add(listener: Listener): Disposable {
    // A wrapper makes each registration its own, so that adding a function twice and removing it once works.
    const registered: Listener = (reason) => listener(reason);
    const reason = this.#reason;
    this.#listeners.push(registered);
    if (reason) this.#reactor.clock.callSoon(() => this.settle(reason));
    return {
      [Symbol.dispose]: () => {
        const at = this.#listeners.indexOf(registered);
        if (at >= 0) this.#listeners.splice(at, 1);
      },
    };
  }

  /** Tells everybody, and whoever comes later. */
  settle(reason: CloseReason): void {
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) {
      try {
        listener(reason);
      } catch (thrown) {
        this.#reactor.reports.problem('connection.onClose', thrown);
      }
    }
  }
}
