/**
 * `Deferred`: an answer that comes later, can be cancelled and can be looked into. It is a promise for whoever awaits
 * it, and a chain that runs in the same turn for whoever cannot wait for a microtask. Several deferreds together are in
 * `gather.ts`; abort signals in `with-signal.ts`.
 *
 *     open ──resolve(thenable)──▶ adopting ──▶ fulfilled | rejected
 *       └──────resolve / reject / cancel─────▶
 */
import { currentContext } from '../connection/entry.ts';
import type { Clock } from '../contract/clock.ts';
import type { Context } from '../contract/context.ts';
import type { Reports } from '../contract/reports.ts';
import { CancelledError, TimeoutError } from '../errors.ts';
import { callIn } from './call-in.ts';
import { isThenable } from './is-thenable.ts';
import { UnheardFailures } from './unheard-failures.ts';

/** Options for {@link Deferred}. */
export interface DeferredOptions {
  /**
   * Ends the work behind the answer. Runs at most once; it may settle the deferred itself, and what it throws becomes
   * the rejection. Otherwise the deferred rejects with `reason`.
   */
  readonly canceller?: ((reason: CancelledError) => void) | undefined;
  /**
   * Where a failure goes that nobody handled by the end of the turn, with the stack of where the source was made.
   * Chains hand it on, and what waits for it. Remembering that stack costs about 3 µs a source, a hundred times the deferred itself: leave it
   * out where a deferred is made for every chunk.
   */
  readonly reports?: Reports | undefined;
  /** How reports name it, such as `"tcp.listen"`. @defaultValue "Deferred" */
  readonly where?: string | undefined;
}

/** A settled {@link Deferred}. */
export type Settled<T> =
  | { readonly state: 'fulfilled'; readonly value: T }
  | { readonly state: 'rejected'; readonly error: unknown };

/** What {@link Deferred.peek} sees. */
export type Peeked<T> = { readonly state: 'pending' } | Settled<T>;

/** What one link of a chain waits for. Without a handler for an outcome it is passed on. */
interface Reaction {
  readonly target: Deferred<unknown> | undefined;
  readonly fulfilled?: ((value: unknown) => unknown) | undefined;
  readonly rejected?: ((error: unknown) => unknown) | undefined;
  /** On whose behalf the handlers run. */
  readonly context?: Context | undefined;
}

const OPEN = { state: 'pending', adopting: false } as const;
const ADOPTING = { state: 'pending', adopting: true } as const;

/**
 * An answer that comes later. `await` works and `then` calls back in a microtask; `addCallback`, `addErrback` and
 * `addBoth` call back in the turn that settles it, or at once. Each derives a new deferred and shares the value.
 *
 * A callback runs on behalf of whoever added it (`currentContext`), also when another connection settles the deferred.
 *
 * Cancelling any deferred of a chain cancels the work at its source, for every branch. After `cancel` it is settled;
 * what the source says later is ignored. A failure that some branch leaves unhandled is reported, once, if the source was
 * given `reports`; otherwise it is silent until somebody calls `then`, which makes it an ordinary promise.
 */
export class Deferred<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = 'Deferred';
  #outcome: typeof OPEN | typeof ADOPTING | Settled<T> = OPEN;
  #reactions: Reaction[] | undefined;
  #handled = false;
  #promise: Promise<T> | undefined;
  /** Whom to cancel instead of this: the deferred it was derived from, or the one it adopted. */
  #upstream: Deferred<unknown> | undefined;
  #canceller: DeferredOptions['canceller'];
  #unheard: UnheardFailures | undefined;
  readonly #where: string | undefined;

  constructor(options: DeferredOptions = {}) {
    const { canceller, reports, where } = options;
    this.#canceller = canceller;
    this.#where = where;
    if (reports) {
      const madeAt = new Error('Nobody handled the failure of this Deferred');
      this.#unheard = new UnheardFailures(reports, where ?? 'Deferred', madeAt);
    }
  }

  /** Fulfils it, or makes it follow a thenable. No effect when it is settled or follows one already. */
  resolve(value: T | PromiseLike<T>): void {
    if (this.#outcome === OPEN) Deferred.#run(this, this.#resolution(value));
  }

  /** Fails it. No effect when it is settled or follows a thenable already. */
  reject(error: unknown): void {
    if (this.#outcome === OPEN) Deferred.#run(this, this.#settle({ state: 'rejected', error }));
  }

  /** Cancels the work at the source and rejects with a `CancelledError` whose `cause` is `reason`. */
  cancel(reason?: unknown): void {
    if (this.#outcome.state !== 'pending') return;
    const error =
      reason instanceof CancelledError
        ? reason
        : new CancelledError('Cancelled', reason === undefined ? undefined : { cause: reason });
    // Twice, because an errback on the way may answer the cancellation with new work.
    for (let round = 0; round < 2 && this.#outcome.state === 'pending'; round++) {
      Deferred.#sourceOf(this).#cancelHere(error);
    }
    this.#cancelHere(error);
  }

  /**
   * Derives a deferred that rejects with a `TimeoutError` if this takes longer than `ms` milliseconds on `clock`.
   * This one is cancelled then; a value it is settled with by that is kept.
   */
  timeout(ms: number, clock: Pick<Clock, 'callLater'>): Deferred<T> {
    if (this.#outcome.state !== 'pending') return this;
    let late: TimeoutError | undefined;
    const timer = clock.callLater(ms, () => {
      late = new TimeoutError(`Cannot finish ${this.#where ?? 'the operation'} within ${ms} ms`);
      this.cancel(late);
    });
    return this.addBoth((outcome) => {
      timer.cancel();
      if (outcome.state === 'fulfilled') return outcome.value;
      throw late && outcome.error instanceof CancelledError ? late : outcome.error;
    });
  }

  /** What is known now. Does not count as handling a failure. */
  peek(): Peeked<T> {
    return this.#outcome.state === 'pending' ? { state: 'pending' } : this.#outcome;
  }

  /** Calls `callback` with the value, in the turn it arrives. A throw rejects the derived deferred. */
  addCallback<U>(callback: (value: T) => U | PromiseLike<U>): Deferred<U> {
    return this.#derive({ fulfilled: callback as (value: unknown) => unknown });
  }

  /** Calls `callback` with the error, in the turn it arrives; what it returns mends the chain. */
  addErrback<U = never>(callback: (error: unknown) => U | PromiseLike<U>): Deferred<T | U> {
    return this.#derive({ rejected: callback });
  }

  /** Calls `callback` either way, in the turn it is settled. */
  addBoth<U>(callback: (outcome: Settled<T>) => U | PromiseLike<U>): Deferred<U> {
    return this.#derive({
      fulfilled: (value) => callback({ state: 'fulfilled', value: value as T }),
      rejected: (error) => callback({ state: 'rejected', error }),
    });
  }

  /** For `inlineCallbacks`: `const value = yield* deferred` waits for it, and gives the value with its type. */
  *[Symbol.iterator](): Generator<Deferred<T>, T, unknown> {
    return (yield this) as T;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being awaitable is the point
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#toPromise().then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#toPromise().catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<T> {
    return this.#toPromise().finally(settled);
  }

  #toPromise(): Promise<T> {
    this.#promise ??= this.#newPromise();
    return this.#promise;
  }

  #newPromise(): Promise<T> {
    // Spelled out, as most of what is awaited is known already: half the cost of an `await`.
    this.#handled = true;
    if (this.#outcome.state === 'fulfilled') return Promise.resolve(this.#outcome.value);
    if (this.#outcome.state === 'rejected') return Promise.reject(this.#outcome.error);
    return new Promise<T>((fulfilled, rejected) => {
      this.#react({ target: undefined, fulfilled: (value) => fulfilled(value as T), rejected });
    });
  }

  #derive<U>(handlers: Pick<Reaction, 'fulfilled' | 'rejected'>): Deferred<U> {
    const derived = new Deferred<U>({ where: this.#where });
    derived.#upstream = this;
    this.#react({
      target: derived,
      fulfilled: handlers.fulfilled,
      rejected: handlers.rejected,
      context: currentContext(),
    });
    return derived;
  }

  #react(reaction: Reaction): void {
    this.#handled = true;
    if (this.#outcome.state === 'pending') (this.#reactions ??= []).push(reaction);
    else Deferred.#run(this, [reaction]);
  }

  /** Settles with `value` or starts to follow it. Gives the reactions that are due. */
  #resolution(value: unknown): readonly Reaction[] {
    if (value === this) {
      const error = new TypeError('Cannot resolve a Deferred with itself');
      return this.#settle({ state: 'rejected', error });
    }
    if (value instanceof Deferred) {
      this.#canceller = undefined;
      if (value.#outcome.state !== 'pending') {
        value.#handled = true;
        this.#unheard ??= value.#unheard;
        return this.#settle(value.#outcome);
      }
      this.#outcome = ADOPTING;
      this.#upstream = value;
      value.#react({ target: this });
      return [];
    }
    try {
      if (!isThenable(value)) return this.#settle({ state: 'fulfilled', value: value as T });
      this.#outcome = ADOPTING;
      this.#upstream = undefined;
      Promise.resolve(value as PromiseLike<T>).then(
        (result) => Deferred.#run(this, this.#settle({ state: 'fulfilled', value: result })),
        (error: unknown) => Deferred.#run(this, this.#settle({ state: 'rejected', error })),
      );
      return [];
    } catch (error) {
      return this.#settle({ state: 'rejected', error });
    }
  }

  #settle(outcome: Settled<T>): readonly Reaction[] {
    if (this.#outcome.state !== 'pending') return [];
    const reactions = this.#reactions ?? [];
    this.#outcome = outcome;
    this.#reactions = undefined;
    this.#upstream = undefined;
    this.#canceller = undefined;
    if (outcome.state === 'rejected' && this.#unheard && !this.#handled) {
      // `await` subscribes a microtask late, so the turn has ended only when the microtasks have run dry.
      // By the global name: importing `node:process` opens the standard streams.
      queueMicrotask(() => process.nextTick(() => this.#report(outcome.error)));
    }
    return reactions;
  }

  #report(error: unknown): void {
    // Whoever cancelled knows.
    if (this.#handled || error instanceof CancelledError) return;
    this.#unheard?.report(error);
  }

  /** Runs reactions depth first, without recursion: a chain may have any length. */
  static #run(source: Deferred<unknown>, due: readonly Reaction[]): void {
    const stack: [Deferred<unknown>, Reaction][] = [];
    for (;;) {
      for (let i = due.length - 1; i >= 0; i--) stack.push([source, due[i] as Reaction]);
      const next = stack.pop();
      if (!next) return;
      due = next[0].#follow(next[1]);
      source = next[1].target ?? source;
    }
  }

  /** Runs one reaction to this settled deferred. Gives the reactions that are due at its target. */
  #follow({ target, fulfilled, rejected, context }: Reaction): readonly Reaction[] {
    const outcome = this.#outcome as Settled<T>;
    const handler = outcome.state === 'fulfilled' ? fulfilled : rejected;
    let result: unknown;
    let failure: Settled<never> | undefined;
    try {
      const known = outcome.state === 'fulfilled' ? outcome.value : outcome.error;
      // A promise's own functions belong to nobody.
      if (handler) result = target ? callIn(context, handler, known) : handler(known);
    } catch (error) {
      failure = { state: 'rejected', error };
    }
    if (!target) return [];
    // It may have been settled, or told to follow another, meanwhile.
    if (target.#upstream !== this) {
      target.#cancelLate(result);
      return [];
    }
    target.#unheard ??= this.#unheard;
    if (failure) return target.#settle(failure);
    return handler ? target.#resolution(result) : target.#settle(outcome);
  }

  /** Where a cancellation takes effect. Of deferreds that follow each other in a circle it is any. */
  static #sourceOf(start: Deferred<unknown>): Deferred<unknown> {
    let source = start;
    let passed = start;
    for (let steps = 1, rest = 1; ; rest--) {
      const above: Deferred<unknown> | undefined = source.#upstream;
      if (!above || above.#outcome.state !== 'pending' || above === passed) return source;
      source = above;
      if (rest > 0) continue;
      // Twice as far from here, to get around any circle (Brent).
      passed = source;
      steps *= 2;
      rest = steps;
    }
  }

  /** Work that began for this, although this has been cancelled: nobody else could end it. */
  #cancelLate(work: unknown): void {
    if (this.#outcome.state !== 'rejected' || !(work instanceof Deferred)) return;
    if (this.#outcome.error instanceof CancelledError) work.cancel(this.#outcome.error);
  }

  #cancelHere(reason: CancelledError): void {
    const canceller = this.#canceller;
    this.#canceller = undefined;
    let error: unknown = reason;
    try {
      canceller?.(reason);
    } catch (thrown) {
      error = thrown;
    }
    Deferred.#run(this, this.#settle({ state: 'rejected', error }));
  }
}
