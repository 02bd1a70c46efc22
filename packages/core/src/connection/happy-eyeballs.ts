/**
 * Happy Eyeballs (RFC 8305): a connection to a name by whichever of its addresses answers first, without flooding any.
 *
 *     looking up ──first addresses──▶ racing ──one connects──▶ done, the others are cancelled
 *         │                             └──nothing left to try, look up or wait for──▶ failed
 *         └──no addresses at all──▶ failed
 *
 * It knows no sockets: `attempt` connects to one address, whatever that means where it is used.
 */
import type { DelayedCall } from '../contract/clock.ts';
import type { Has } from '../contract/reactor.ts';
import type { ResolvedAddress } from '../contract/resolver.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError, HawserError, toError, UsageError } from '../errors.ts';
import { AddressQueue } from './address-queue.ts';
import { ipFamily } from './ip-literal.ts';

/** Options for {@link connectHappily}. */
export interface HappyOptions<T> {
  readonly reactor: Has<'clock' | 'resolver' | 'reports'>;
  /** A name, or an IP address, which is not looked up. */
  readonly host: string;
  /** How errors name the place, such as `tcp://example.net:25`. @defaultValue host */
  readonly where?: string | undefined;
  /** Starts to connect to one address. Cancelling what it gives must close whatever it has opened. */
  attempt(address: ResolvedAddress): Deferred<T>;
  /** Closes a connection that an attempt made in spite of being cancelled. */
  discard(late: T): void;
  /** Longest wait for everything, lookups included, in milliseconds. @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
  /** How long IPv4 answers wait for the IPv6 ones (RFC 8305 §3), in milliseconds. @defaultValue 50 */
  readonly resolutionDelayMs?: number | undefined;
  /** How long an attempt has before the next one starts beside it (§5), 10 to 2,000 milliseconds. @defaultValue 250 */
  readonly attemptDelayMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why one address did not connect. The errors of a failed {@link connectHappily} are these. */
export class AttemptError extends ConnectError {
  override readonly name: string = 'AttemptError';
  readonly address: ResolvedAddress;

  constructor(address: ResolvedAddress, cause: Error) {
    super('HAWSER_CONNECT', `Cannot connect to ${address.host}: ${cause.message}`, { cause });
    this.address = address;
  }
}

/**
 * Connects to `host`: asks for IPv6 and IPv4 addresses separately, tries them in turn, families interleaved, and gives
 * the first connection. The others are cancelled before it settles. At most 16 addresses of a family are tried.
 * Cancelling it, at any point, leaves no lookup, timer or attempt behind.
 *
 * @throws ConnectError `HAWSER_RESOLVE` if there is no address, `HAWSER_CONNECT` if none answered, `HAWSER_CONNECT_TIMEOUT`;
 * `cause` is an AggregateError of what went wrong, an {@link AttemptError} for each address
 * @throws RangeError if `attemptDelayMs` is not 10 to 2,000
 */
export function connectHappily<T>(options: HappyOptions<T>): Deferred<T> {
  const { attemptDelayMs = 250, signal } = options;
  if (!(attemptDelayMs >= 10 && attemptDelayMs <= 2_000)) {
    throw new RangeError(
      `Cannot connect as attemptDelayMs must be 10 to 2000: current value is ${attemptDelayMs}`,
    );
  }
  const race = new Race(options);
  if (!signal?.aborted) race.start();
  return withSignal(race.winner, signal);
}

class Race<T> {
  readonly winner: Deferred<T>;
  readonly #options: HappyOptions<T>;
  readonly #queue = new AddressQueue();
  readonly #lookups = new Set<Deferred<readonly ResolvedAddress[]>>();
  readonly #attempts = new Set<Deferred<T>>();
  readonly #lookupErrors: Error[] = [];
  readonly #attemptErrors: AttemptError[] = [];
  /** Lookups without an answer. The set above cannot tell: an answer may be there before it is. */
  #unanswered = 0;
  #racing = false;
  #over = false;
  /** While it runs, the next attempt has to wait: first for IPv6 answers, then for the attempt before. */
  #hold: DelayedCall | undefined;
  #deadline: DelayedCall | undefined;

  constructor(options: HappyOptions<T>) {
    this.#options = options;
    const { reports } = options.reactor;
    this.winner = new Deferred({ canceller: () => this.#stop(), reports, where: 'connect' });
  }

  start(): void {
    const { reactor, host, timeoutMs = 30_000 } = this.#options;
    this.#deadline = reactor.clock.callLater(timeoutMs, () => this.#timedOut(timeoutMs));
    const family = ipFamily(host);
    if (family) {
      this.#answered(family, [{ host, family }]);
      return;
    }
    // Both questions leave before either answer is heard; IPv6 goes first (RFC 8305 §3).
    this.#unanswered = 2;
    const v6 = this.#lookup(6);
    const v4 = this.#lookup(4);
    this.#listen(6, v6);
    this.#listen(4, v4);
  }

  #lookup(family: 4 | 6): Deferred<readonly ResolvedAddress[]> {
    const { reactor, host } = this.#options;
    let lookup: Deferred<readonly ResolvedAddress[]>;
    try {
      lookup = reactor.resolver.lookup(host, { family });
    } catch (thrown) {
      lookup = fail(thrown);
    }
    this.#lookups.add(lookup);
    return lookup;
  }

  #listen(family: 4 | 6, lookup: Deferred<readonly ResolvedAddress[]>): void {
    void lookup.addBoth((outcome) => {
      this.#lookups.delete(lookup);
      if (this.#over) return;
      this.#unanswered -= 1;
      if (outcome.state === 'rejected') {
        this.#lookupErrors.push(toError(outcome.error));
        this.#answered(family, []);
      } else {
        this.#answered(family, outcome.value);
      }
    });
  }

  /** Addresses of one family came, early or late, or none. */
  #answered(family: 4 | 6, addresses: readonly ResolvedAddress[]): void {
    const { reactor, resolutionDelayMs = 50 } = this.#options;
    // A resolver that cannot be asked for one family answers with both.
    for (const address of addresses) if (address.family === family) this.#queue.add(address);
    if (this.#racing) {
      this.#continue();
      return;
    }
    const mayStart = family === 6 || this.#unanswered === 0;
    if (this.#queue.size > 0 && !mayStart) {
      this.#hold = reactor.clock.callLater(resolutionDelayMs, () => this.#release());
      return;
    }
    // An IPv6 lookup that fails ends the wait of the IPv4 addresses.
    this.#hold?.cancel();
    this.#hold = undefined;
    this.#continue();
  }

  #release(): void {
    this.#hold = undefined;
    this.#continue();
  }

  /** Starts the next attempt unless it has to wait, or finds that there is nothing left to wait for. */
  #continue(): void {
    if (this.#over || this.#hold) return;
    const address = this.#queue.next();
    if (address) this.#try(address);
    else if (this.#attempts.size === 0 && this.#unanswered === 0) this.#failed();
  }

  #try(address: ResolvedAddress): void {
    const { reactor, attemptDelayMs = 250 } = this.#options;
    this.#racing = true;
    this.#hold = reactor.clock.callLater(attemptDelayMs, () => this.#release());
    let attempt: Deferred<T>;
    try {
      attempt = this.#options.attempt(address);
    } catch (thrown) {
      attempt = fail(thrown);
    }
    this.#attempts.add(attempt);
    void attempt.addBoth((outcome) => {
      this.#attempts.delete(attempt);
      if (outcome.state === 'fulfilled') {
        if (this.#over) this.#options.discard(outcome.value);
        else this.#won(outcome.value);
        return;
      }
      if (this.#over) return;
      this.#attemptErrors.push(new AttemptError(address, toError(outcome.error)));
      // Nobody waits for a clock when the answer is known.
      this.#hold?.cancel();
      this.#release();
    });
  }

  #won(connection: T): void {
    this.#stop();
    this.winner.resolve(connection);
  }

  #failed(): void {
    const { host, where = host } = this.#options;
    this.#stop();
    // A program that asks what its reactor cannot do is not helped by trying again.
    const mistake = this.#lookupErrors.find((error) => error instanceof UsageError);
    if (this.#attemptErrors.length > 0) {
      const why = describeAttempts(this.#attemptErrors);
      this.winner.reject(this.#error('HAWSER_CONNECT', `Cannot connect to ${where}: ${why}`));
    } else if (mistake) {
      this.winner.reject(mistake);
    } else {
      const reasons = [...new Set(this.#lookupErrors.map((error) => error.message))];
      const why = reasons.join('; ') || `"${host}" has no address`;
      this.winner.reject(this.#error('HAWSER_RESOLVE', `Cannot connect to ${where}: ${why}`));
    }
  }

  #timedOut(timeoutMs: number): void {
    const { host, where = host } = this.#options;
    const known =
      this.#attemptErrors.length > 0 ? ` (${describeAttempts(this.#attemptErrors)})` : '';
    this.#stop();
    const message = `Cannot connect to ${where}: no answer after ${timeoutMs} ms${known}`;
    this.winner.reject(this.#error('HAWSER_CONNECT_TIMEOUT', message));
  }

  #error(code: ConnectError['code'], message: string): ConnectError {
    const errors = this.#attemptErrors.length > 0 ? this.#attemptErrors : this.#lookupErrors;
    return new ConnectError(code, message, { cause: new AggregateError(errors, message) });
  }

  /** Ends everything that is under way. What it says from now on is not heard. */
  #stop(): void {
    this.#over = true;
    this.#hold?.cancel();
    this.#deadline?.cancel();
    for (const lookup of this.#lookups) lookup.cancel();
    for (const attempt of this.#attempts) attempt.cancel();
  }
}

function describeAttempts(errors: readonly AttemptError[]): string {
  const [first] = errors;
  if (first && errors.length === 1) return toError(first.cause).message;
  return `all ${errors.length} addresses failed: ${errors.map(describeAttempt).join(', ')}`;
}

function describeAttempt({ address, cause }: AttemptError): string {
  const error = toError(cause);
  const code = 'code' in error && !(error instanceof HawserError) ? error.code : undefined;
  return `${address.host} (${typeof code === 'string' ? code : error.message})`;
}
