import type { CloseReason } from '../contract/close-reason.ts';
import type { Context } from '../contract/context.ts';
import type { Transport } from '../contract/transport.ts';
import { enter, type Guard } from './entry.ts';

type Listener = (reason: CloseReason) => void;

/** The `onClose` listeners of one connection. One that throws does not keep the others from hearing. */
export class CloseListeners implements Guard {
  readonly #connection: Pick<Transport, 'reactor' | 'context'>;
  #listeners: Listener[] = [];
  #reason: CloseReason | undefined;

  constructor(connection: Pick<Transport, 'reactor' | 'context'>) {
    this.#connection = connection;
  }

  get context(): Context {
    return this.#connection.context;
  }

  add(listener: Listener): Disposable {
    let wanted = true;
    // A wrapper makes each registration its own, so that adding a function twice and removing it once works.
    const registered: Listener = (reason) => {
      // It may have been removed by one that was told before it.
      if (wanted) listener(reason);
    };
    const reason = this.#reason;
    this.#listeners.push(registered);
    if (reason) this.#connection.reactor.clock.callSoon(() => this.settle(reason));
    return {
      [Symbol.dispose]: () => {
        wanted = false;
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
      enter(this, 'onClose', (_, why: CloseReason) => listener(why), reason);
    }
  }

  /** For {@link enter}. */
  failed(callback: string, thrown: unknown): void {
    this.#connection.reactor.reports.problem(`${this.context.label}.${callback}`, thrown);
  }
}
