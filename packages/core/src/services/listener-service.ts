import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { fromPromise } from '../deferred/from-promise.ts';
import { succeed } from '../deferred/succeed.ts';
import { waitFor } from '../deferred/wait-for.ts';
import { stateError } from './state-error.ts';

/** How a {@link ListenerService} treats the kind of port it keeps. */
export interface ListenerKind<P> {
  readonly name: string;
  listen(reactor: Reactor): Deferred<P>;
  quiesce(port: P): PromiseLike<void>;
  drain(port: P, deadline: number): PromiseLike<DrainReports>;
  stop(port: P): PromiseLike<void>;
  describe(port: P): string;
}

type State<P> =
  | { readonly at: 'stopped' }
  | { readonly at: 'starting'; readonly listening: Deferred<P> }
  | { readonly at: 'running'; readonly port: P }
  | { readonly at: 'stopping'; readonly stopped: Deferred<void> };

/**
 * A port that is open while the service runs. It can be started again after it has stopped.
 *
 *     stopped ──start──▶ starting ──▶ running ──stop──▶ stopping ──▶ stopped
 *        ▲───── fails, stop ─┘
 */
export class ListenerService<P> implements Service {
  readonly #kind: ListenerKind<P>;
  #state: State<P> = { at: 'stopped' };

  constructor(kind: ListenerKind<P>) {
    this.#kind = kind;
  }

  get name(): string {
    return this.#kind.name;
  }

  /** The port while it is open. */
  get port(): P | undefined {
    return this.#state.at === 'running' ? this.#state.port : undefined;
  }

  /** Opens the port. @throws UsageError `HAWSER_SERVICE_STATE` unless it is stopped, and what opening it throws */
  start(reactor: Reactor): Deferred<void> {
    if (this.#state.at !== 'stopped') return fail(stateError(this.name, 'start', this.#state.at));
    let listening: Deferred<P>;
    try {
      listening = this.#kind.listen(reactor);
    } catch (error) {
      return fail(error);
    }
    this.#state = { at: 'starting', listening };
    return listening.addBoth((outcome) => {
      if (outcome.state === 'rejected') {
        this.#state = { at: 'stopped' };
        throw outcome.error;
      }
      this.#state = { at: 'running', port: outcome.value };
    });
  }

  quiesce(): PromiseLike<void> {
    return this.#state.at === 'running' ? this.#kind.quiesce(this.#state.port) : succeed();
  }

  drain(deadline: number): PromiseLike<DrainReports> {
    if (this.#state.at !== 'running') return succeed({});
    return this.#kind.drain(this.#state.port, deadline);
  }

  /** Closes the port, or gives up opening it. Harmless when it is stopped. */
  stop(): Deferred<void> {
    switch (this.#state.at) {
      case 'stopped':
        return succeed();
      case 'starting':
        this.#state.listening.cancel('stopped while starting');
        // A canceller may have opened the port all the same.
        return this.stop();
      case 'stopping':
        return waitFor(this.#state.stopped);
      case 'running': {
        const stopped = fromPromise(this.#kind.stop(this.#state.port)).addBoth((outcome) => {
          this.#state = { at: 'stopped' };
          if (outcome.state === 'rejected') throw outcome.error;
        });
        if (stopped.peek().state === 'pending') this.#state = { at: 'stopping', stopped };
        return waitFor(stopped);
      }
    }
  }

  describe(): readonly string[] {
    return this.#state.at === 'running' ? [this.#kind.describe(this.#state.port)] : [];
  }
}
