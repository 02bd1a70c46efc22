import type { CloseReason } from '../contract/close-reason.ts';
import type { Context } from '../contract/context.ts';
import type { Transport } from '../contract/transport.ts';
import { enter, type Guard } from './entry.ts';

type Listener = (reason: CloseReason) => void;

/** The `onClose` listeners of one connection. One that throws does not keep the others from hearing. */
export class CloseListeners implements Guard {
  readonly #connection: Pick<Transport, 'reactor' | 'context'>;
  #registrations: Registration[] = [];
  #reason: CloseReason | undefined;

  constructor(connection: Pick<Transport, 'reactor' | 'context'>) {
    this.#connection = connection;
  }

  get context(): Context {
    return this.#connection.context;
  }

  /** Each registration is its own, so that adding a function twice and removing it once works. */
  add(listener: Listener): Disposable {
    const reason = this.#reason;
    const registration = new Registration(this, listener);
    this.#registrations.push(registration);
    if (reason) this.#connection.reactor.clock.callSoon(() => this.settle(reason));
    return registration;
  }

  remove(registration: Registration): void {
    const at = this.#registrations.indexOf(registration);
    if (at >= 0) this.#registrations.splice(at, 1);
  }

  /** Tells everybody, and whoever comes later. */
  settle(reason: CloseReason): void {
    this.#reason = reason;
    const registrations = this.#registrations;
    this.#registrations = [];
    for (const registration of registrations) {
      enter(this, 'onClose', (_, why: CloseReason) => registration.tell(why), reason);
    }
  }

  /** For {@link enter}. */
  failed(callback: string, thrown: unknown): void {
    this.#connection.reactor.reports.problem(`${this.context.label}.${callback}`, thrown);
  }
}

/** One object a listener: every connection has a few. */
class Registration implements Disposable {
  readonly #listeners: CloseListeners;
  #listener: Listener | undefined;

  constructor(listeners: CloseListeners, listener: Listener) {
    this.#listeners = listeners;
    this.#listener = listener;
  }

  /** Unless it was removed, perhaps by one that was told before it. */
  tell(reason: CloseReason): void {
    this.#listener?.(reason);
  }

  [Symbol.dispose](): void {
    this.#listener = undefined;
    this.#listeners.remove(this);
  }
}
