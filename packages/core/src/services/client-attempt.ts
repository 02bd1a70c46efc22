import { isCutOff } from '../connection/connection-tracker.ts';
import { WireTransport } from '../connection/wire-transport.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { ClientEndpoint } from '../contract/endpoint.ts';
import type { Factory, Incoming } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import { Deferred } from '../deferred/deferred.ts';
import { withoutPasswords } from '../endpoints/bad-endpoint.ts';
import { ConnectionError, describeReason, toError } from '../errors.ts';

/** What a {@link ClientAttempt} needs to know. */
export interface ClientAttemptParts<P extends Protocol> {
  readonly reactor: Reactor;
  readonly endpoint: ClientEndpoint;
  readonly factory: Factory<P>;
  /** Longest wait until the connection is ready, in milliseconds. */
  readonly timeoutMs: number;
  /** What has to succeed before the connection counts as made. */
  readonly prepare: (protocol: P) => Deferred<unknown>;
  readonly ready: (protocol: P) => void;
  /** Nothing of the attempt is left: once, last. With an error if it was never ready. */
  readonly over: (error: Error | undefined) => void;
}

type State<P> =
  | { readonly at: 'idle' }
  | { readonly at: 'trying'; readonly trying: Deferred<P>; preparing: boolean }
  | { readonly at: 'ready' }
  /** Waits for its connection to be gone. */
  | { readonly at: 'failed'; readonly error: Error }
  | { readonly at: 'over' };

/** One connection of a client, from the attempt to make it until it is lost. */
export class ClientAttempt<P extends Protocol> {
  readonly #parts: ClientAttemptParts<P>;
  #state: State<P> = { at: 'idle' };
  #incoming: Incoming | undefined;
  #lost: CloseReason | undefined;

  constructor(parts: ClientAttemptParts<P>) {
    this.#parts = parts;
  }

  /** Its connection is gone, and had not finished in time. */
  get cutOff(): boolean {
    return this.#lost !== undefined && isCutOff(this.#lost);
  }

  begin(): void {
    const { reactor, endpoint, timeoutMs, prepare } = this.#parts;
    const go = new Deferred<void>();
    const trying = go
      .addCallback(() => endpoint.connect(reactor, this.#factory()))
      .addCallback((protocol) => {
        // It may have been lost in the turn that made it.
        this.#assertOpen();
        if (this.#state.at === 'trying') this.#state.preparing = true;
        return prepare(protocol).addCallback(() => protocol);
      })
      .timeout(timeoutMs, reactor.clock);
    this.#state = { at: 'trying', trying, preparing: false };
    void trying.addBoth((outcome) => {
      if (outcome.state === 'rejected') return this.#failed(toError(outcome.error));
      this.#state = { at: 'ready' };
      this.#parts.ready(outcome.value);
    });
    // Last, as all of it may happen in this turn.
    go.resolve();
  }

  /** Gives up trying, or asks the protocol to finish. What is left at `deadline` is for {@link abort}. */
  close(deadline: number): void {
    if (this.#state.at === 'trying') this.#state.trying.cancel('the client is stopping');
    else if (this.#incoming instanceof WireTransport) this.#incoming.requestDrain(deadline);
    else this.abort();
  }

  abort(): void {
    this.#incoming?.abort({ kind: 'shutdown' });
  }

  #factory(): Factory<P> {
    const { factory } = this.#parts;
    return {
      name: factory.name,
      match: factory.match,
      buildProtocol: (incoming) => {
        // An endpoint may connect although it was told not to.
        if (this.#state.at === 'failed' || this.#state.at === 'over') return undefined;
        this.#incoming = incoming;
        this.#lost = undefined;
        incoming.onClose((reason) => {
          // An endpoint may make several connections until it is content with one.
          if (this.#incoming === incoming) this.#closed(reason);
        });
        return factory.buildProtocol(incoming);
      },
    };
  }

  #closed(reason: CloseReason): void {
    const state = this.#state;
    this.#lost = reason;
    switch (state.at) {
      case 'trying':
        // Before that the endpoint says what becomes of it.
        if (state.preparing) state.trying.cancel();
        return;
      case 'ready':
        return this.#finish(undefined);
      case 'failed':
        return this.#finish(state.error);
      case 'idle':
      case 'over':
    }
  }

  #failed(thrown: Error): void {
    const error = this.#lost ? this.#lostError(this.#lost) : thrown;
    if (!this.#incoming || this.#lost) {
      this.#finish(error);
      return;
    }
    // One connection at a time: the next attempt waits until this one is gone.
    this.#state = { at: 'failed', error };
    this.#incoming.abort(error);
  }

  #finish(error: Error | undefined): void {
    this.#state = { at: 'over' };
    this.#parts.over(error);
  }

  #assertOpen(): void {
    if (this.#lost) throw this.#lostError(this.#lost);
  }

  #lostError(reason: CloseReason): ConnectionError {
    const { endpoint } = this.#parts;
    const message = `Cannot connect to ${withoutPasswords(String(endpoint))}: ${describeReason(reason)}`;
    return new ConnectionError('HAWSER_CLOSED', message, {
      cause: 'error' in reason ? reason.error : reason,
    });
  }
}
