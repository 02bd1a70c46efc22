import { toFactory } from '../connection/factory.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { ClientEndpoint } from '../contract/endpoint.ts';
import type { Factory, FactoryLike } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { succeed } from '../deferred/succeed.ts';
import { withoutPasswords } from '../endpoints/bad-endpoint.ts';
import { asClientEndpoint } from '../endpoints/parse-endpoint.ts';
import { CancelledError } from '../errors.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { ClientAttempt } from './client-attempt.ts';
import { ConnectionWaiters } from './connection-waiters.ts';
import { Goodbye } from './goodbye.ts';
import { callService } from './service-hook.ts';
import { stateError } from './state-error.ts';

/** Options for {@link ClientService}. */
export interface ClientServiceOptions<P extends Protocol> extends BackoffOptions {
  /** @defaultValue the endpoint and the name of the factory */
  readonly name?: string | undefined;
  /**
   * What has to succeed before the connection counts as made: to log in, for example. If it fails the connection is
   * aborted, and counts as a failed attempt.
   */
  readonly prepareConnection?: ((protocol: P) => unknown) | undefined;
  /** Longest wait for a connection to be made and prepared, in milliseconds. @defaultValue 60_000 */
  readonly attemptTimeoutMs?: number | undefined;
  /**
   * The phase of a shutdown that ends the connection. Others may need it to finish their own work, so it lasts until
   * `stop` unless told otherwise; services stop in reverse, so list it before those that use it. @defaultValue 'stop'
   */
  readonly closeIn?: 'drain' | 'stop' | undefined;
  /** How long the protocol may take to say goodbye in `stop`, in milliseconds. @defaultValue 3_000 */
  readonly closeTimeoutMs?: number | undefined;
}

/** Options for {@link ClientService.whenConnected}. */
export interface WhenConnectedOptions extends OperationOptions {
  /** Give up after this many more failed attempts. @defaultValue never */
  readonly failAfterFailures?: number | undefined;
}

/** Where a {@link ClientService} is in its table of states. */
export type ClientState =
  | 'new'
  | 'stopped'
  | 'connecting'
  | 'connected'
  | 'waiting'
  | 'disconnecting'
  | 'restarting';

/** What a running service works with. */
interface Running {
  readonly reactor: Reactor;
  readonly endpoint: ClientEndpoint;
}

type State<P extends Protocol> =
  | { readonly at: 'new' | 'stopped' }
  | { readonly at: 'connecting'; readonly running: Running; readonly attempt: ClientAttempt<P> }
  | {
      readonly at: 'connected';
      readonly running: Running;
      readonly attempt: ClientAttempt<P>;
      readonly protocol: P;
    }
  | { readonly at: 'waiting'; readonly timer: DelayedCall }
  | Disconnecting;

interface Disconnecting {
  readonly at: 'disconnecting';
  readonly running: Running;
  readonly goodbye: Goodbye;
  /** Start again once it is gone. */
  restart: { readonly reactor: Reactor; readonly started: Deferred<void> } | undefined;
}

/**
 * Keeps one connection alive: connects, and connects again when the connection is lost or cannot be made, after a wait
 * that grows with each failure.
 *
 * | state         | `start`     | `stop`             | ready     | attempt failed | lost       | timer      | `whenConnected` |
 * | ------------- | ----------- | ------------------ | --------- | -------------- | ---------- | ---------- | --------------- |
 * | new           | connecting  | stopped            |           |                |            |            | waits           |
 * | stopped       | connecting  | stopped            |           |                |            |            | fails           |
 * | connecting    | error       | disconnecting      | connected | waiting        |            |            | waits           |
 * | connected     | error       | disconnecting      |           |                | waiting    |            | the protocol    |
 * | waiting       | error       | stopped            |           |                |            | connecting | waits           |
 * | disconnecting | restarting  | (joins)            |           | stopped        | stopped    | aborts     | fails           |
 * | restarting    | error       | disconnecting      |           | connecting     | connecting | aborts     | waits           |
 *
 * A connection is *ready* when its protocol's `connectionMade` has returned and `prepareConnection` has succeeded;
 * that resets the count of failures. `start` settles at once, with or without a connection, and after a restart when
 * the old connection is gone. `stop` settles when the connection is gone: the protocol is asked to finish
 * (`drainRequested`), and aborted at the deadline. There is never more than one connection.
 *
 * @example
 * const irc = new ClientService('tls://irc.example.net:6697', () => new IrcClient());
 * await irc.start(reactor);
 * (await irc.whenConnected()).join('#hawser');
 */
export class ClientService<P extends Protocol> implements Service {
  readonly name: string;
  readonly #endpoint: string | ClientEndpoint;
  readonly #factory: Factory<P>;
  readonly #options: ClientServiceOptions<P>;
  readonly #backoff: Backoff;
  readonly #waiters = new ConnectionWaiters<P>();
  #state: State<P> = { at: 'new' };
  #failures = 0;

  constructor(
    endpoint: string | ClientEndpoint,
    factory: FactoryLike<P>,
    options: ClientServiceOptions<P> = {},
  ) {
    this.#endpoint = endpoint;
    this.#factory = toFactory(factory);
    this.#options = options;
    this.#backoff = new Backoff(options);
    this.name = options.name ?? `${withoutPasswords(String(endpoint))} ${this.#factory.name}`;
  }

  /** Where it is in the table above. */
  get state(): ClientState {
    const state = this.#state;
    return state.at === 'disconnecting' && state.restart ? 'restarting' : state.at;
  }

  /** Failed attempts in a row. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * The protocol of the connection, or of the next one. The signal, or `cancel`, gives up waiting; the service goes on.
   * @throws ConnectionError what the last of `failAfterFailures` attempts failed with, `HAWSER_QUEUE` if too many wait
   * @throws CancelledError if the service is or gets stopped
   */
  whenConnected(options: WhenConnectedOptions = {}): Deferred<P> {
    if (this.#state.at === 'connected') return succeed(this.#state.protocol);
    const { state } = this;
    if (state === 'stopped' || state === 'disconnecting') return fail(this.#stoppedError());
    return this.#waiters.add(options);
  }

  /**
   * Begins to connect, and settles without waiting for the connection.
   * @throws UsageError `HAWSER_SERVICE_STATE` unless it is stopped or stopping, `HAWSER_BAD_ENDPOINT`
   */
  start(reactor: Reactor): Deferred<void> {
    switch (this.#state.at) {
      case 'new':
      case 'stopped':
        return this.#begin(reactor);
      case 'disconnecting': {
        if (this.#state.restart) break;
        const started = new Deferred<void>();
        this.#state.restart = { reactor, started };
        return started;
      }
      case 'connecting':
      case 'connected':
      case 'waiting':
    }
    return fail(stateError(this.name, 'start', this.state));
  }

  /** With `closeIn: 'drain'`, does what {@link stop} does until `deadline`, and counts the connection. */
  drain(deadline: number): Deferred<DrainReports> {
    if (this.#options.closeIn !== 'drain') return succeed({});
    const connected = this.#state.at === 'connected' ? this.#state.attempt : undefined;
    return this.#disconnect(deadline).addCallback((): DrainReports => {
      if (!connected) return {};
      const aborted = connected.cutOff ? 1 : 0;
      return { [this.#factory.name]: { finished: 1 - aborted, aborted } };
    });
  }

  /** Ends the connection and makes no other. Settles when it is gone. Harmless when repeated. */
  stop(): Deferred<void> {
    const state = this.#state;
    const now = 'running' in state ? state.running.reactor.clock.now() : 0;
    return this.#disconnect(now + (this.#options.closeTimeoutMs ?? 3_000));
  }

  describe(): readonly string[] {
    return [`to ${withoutPasswords(String(this.#endpoint))} ${this.#factory.name}`];
  }

  #begin(reactor: Reactor): Deferred<void> {
    let endpoint: ClientEndpoint;
    try {
      endpoint = asClientEndpoint(this.#endpoint);
    } catch (error) {
      return fail(error);
    }
    this.#failures = 0;
    this.#connect({ reactor, endpoint });
    return succeed();
  }

  #connect(running: Running): void {
    const { attemptTimeoutMs = 60_000, prepareConnection } = this.#options;
    const attempt = new ClientAttempt<P>({
      ...running,
      factory: this.#factory,
      timeoutMs: attemptTimeoutMs,
      prepare: (protocol) =>
        callService(this, 'prepareConnection', () => prepareConnection?.(protocol)),
      ready: (protocol) => this.#ready(protocol),
      over: (error) => this.#over(error),
    });
    this.#state = { at: 'connecting', running, attempt };
    void callService(this, 'connect', () => attempt.begin());
  }

  #ready(protocol: P): void {
    const state = this.#state;
    // It became ready although it was told to give up.
    if (state.at === 'disconnecting') state.goodbye.repeat();
    if (state.at !== 'connecting') return;
    this.#failures = 0;
    this.#state = { ...state, at: 'connected', protocol };
    this.#waiters.connected(protocol);
  }

  /** The attempt or its connection is over; with an error if it was never ready. */
  #over(error: Error | undefined): void {
    const state = this.#state;
    if (state.at === 'disconnecting') return this.#gone(state);
    if (state.at !== 'connecting' && state.at !== 'connected') return;
    const { running } = state;
    if (error) this.#failures += 1;
    const delayMs = this.#backoff.delayMs(this.#failures, running.reactor);
    const timer = running.reactor.clock.callLater(delayMs, () => this.#connect(running));
    this.#state = { at: 'waiting', timer };
    if (error) this.#waiters.attemptFailed(error);
  }

  #disconnect(deadline: number): Deferred<void> {
    const state = this.#state;
    let gone = succeed();
    switch (state.at) {
      case 'waiting':
        state.timer.cancel();
        this.#state = { at: 'stopped' };
        break;
      case 'new':
      case 'stopped':
        this.#state = { at: 'stopped' };
        break;
      case 'connecting':
      case 'connected': {
        const { running, attempt } = state;
        const goodbye = new Goodbye(running.reactor.clock, attempt);
        // First, as an attempt may be over at once.
        this.#state = { at: 'disconnecting', running, goodbye, restart: undefined };
        gone = goodbye.say(deadline);
        break;
      }
      case 'disconnecting':
        state.restart?.started.reject(this.#stoppedError());
        state.restart = undefined;
        gone = state.goodbye.say(deadline);
    }
    this.#waiters.stopped(this.#stoppedError());
    return gone;
  }

  #gone({ goodbye, restart }: Disconnecting): void {
    this.#state = { at: 'stopped' };
    if (restart) restart.started.resolve(this.#begin(restart.reactor));
    goodbye.gone();
  }

  #stoppedError(): CancelledError {
    return new CancelledError(`Cannot connect as "${this.name}" is stopped`);
  }
}
