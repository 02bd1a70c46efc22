import { Deferred, type Settled } from '../src/deferred/deferred.ts';
import { createTestReactor, type TestReactor, type TestReactorOptions } from './test-reactor.ts';

/** One run of the function under test. */
export interface CancelledRun {
  readonly reactor: TestReactor;
  /** Which await was cancelled, from 1; `undefined` in the last run, in which none was. */
  readonly cancelledAt: number | undefined;
  readonly outcome: Settled<unknown>;
}

/** Options for {@link cancelAtEveryAwait}. */
export interface CancelAtEveryAwaitOptions {
  /** For the reactor of each run. */
  readonly reactor?: TestReactorOptions | undefined;
  /** Called after each run; throws when the function left something behind or answered wrongly. */
  readonly check?: ((run: CancelledRun) => void | PromiseLike<void>) | undefined;
  /** More awaits than this are taken for a function that never ends. @defaultValue 1_000 */
  readonly maxAwaits?: number | undefined;
}

/** Doubling from a millisecond, that is some 24 days. */
const DOUBLINGS = 31;

/**
 * Runs an async function again and again, each time on a reactor of its own. In the first run the first `await` of a
 * pending `Deferred` is cancelled, in the second run the second, and so on until a run has fewer; that last run must
 * succeed. Awaits in functions it calls count as well. Virtual time passes as the function needs it. Gives the number
 * of awaits.
 *
 * For the time of the call it watches every `await` of a `Deferred` in this thread: await nothing else meanwhile.
 *
 * @throws Error when a check fails, naming the await; when a run does not end; when the last run fails
 *
 * @example
 * const lock = new DeferredLock();
 * await cancelAtEveryAwait(async () => {
 *   using held = await lock.acquire();
 *   await work();
 * }, { check: () => expect(lock.locked).toBe(false) });
 */
export async function cancelAtEveryAwait(
  run: (reactor: TestReactor) => PromiseLike<unknown>,
  options: CancelAtEveryAwaitOptions = {},
): Promise<number> {
  const { check, maxAwaits = 1_000 } = options;
  for (let at = 1; at <= maxAwaits; at++) {
    const reactor = createTestReactor(options.reactor);
    const { outcome, cancelled } = await runOnce(run, reactor, { at, maxAwaits });
    const cancelledAt = cancelled ? at : undefined;
    try {
      if (!cancelled && outcome.state === 'rejected') throw outcome.error;
      await check?.({ reactor, cancelledAt, outcome });
    } catch (cause) {
      const which = cancelled ? `when await ${at} was cancelled` : 'when nothing was cancelled';
      throw new Error(`Cannot accept the run ${which}: ${String(cause)}`, { cause });
    }
    if (!cancelled) return at - 1;
  }
  throw new Error(`Cannot cancel every await as there are more than ${maxAwaits}`);
}

async function runOnce(
  run: (reactor: TestReactor) => PromiseLike<unknown>,
  reactor: TestReactor,
  limits: { readonly at: number; readonly maxAwaits: number },
): Promise<{ outcome: Settled<unknown>; cancelled: boolean }> {
  const watch = new AwaitWatch(limits);
  try {
    return { outcome: await outcomeOf(run, reactor), cancelled: watch.cancelled };
  } finally {
    watch.stop();
  }
}

/** Lets virtual time pass until the function has ended. */
async function outcomeOf(
  run: (reactor: TestReactor) => PromiseLike<unknown>,
  reactor: TestReactor,
): Promise<Settled<unknown>> {
  let outcome: Settled<unknown> | undefined;
  void Promise.resolve(startOf(run, reactor)).then(
    (value) => {
      outcome = { state: 'fulfilled', value };
    },
    (error: unknown) => {
      outcome = { state: 'rejected', error };
    },
  );
  await reactor.clock.settle();
  for (let step = 0; !outcome; step++) {
    if (step === DOUBLINGS) throw new Error('Cannot end a run: it still waits');
    await reactor.clock.elapse(2 ** step);
  }
  return outcome;
}

async function startOf(
  run: (reactor: TestReactor) => PromiseLike<unknown>,
  reactor: TestReactor,
): Promise<unknown> {
  return await run(reactor);
}

/** Sees every `await` of a pending deferred, which calls `then`, and cancels one. */
class AwaitWatch {
  static #watching = false;
  readonly #then = Object.getOwnPropertyDescriptor(Deferred.prototype, 'then') ?? {};
  #seen = 0;
  cancelled = false;

  constructor(limits: { readonly at: number; readonly maxAwaits: number }) {
    if (AwaitWatch.#watching) throw new Error('Cannot watch awaits twice at the same time');
    AwaitWatch.#watching = true;
    const saw = (awaited: Deferred<unknown>): void => {
      this.#seen += 1;
      if (this.#seen > limits.maxAwaits) {
        throw new Error(`Cannot go on as there are more than ${limits.maxAwaits} awaits`);
      }
      if (this.#seen !== limits.at) return;
      this.cancelled = true;
      awaited.cancel(`cancelAtEveryAwait: await ${limits.at}`);
    };
    const original = this.#then.value as (...handlers: unknown[]) => unknown;
    // oxlint-disable-next-line unicorn/no-thenable -- it is one already
    Object.defineProperty(Deferred.prototype, 'then', {
      configurable: true,
      writable: true,
      value(this: Deferred<unknown>, ...handlers: unknown[]) {
        const pending = this.peek().state === 'pending';
        const promise = original.apply(this, handlers);
        if (pending) saw(this);
        return promise;
      },
    });
  }

  stop(): void {
    AwaitWatch.#watching = false;
    // oxlint-disable-next-line unicorn/no-thenable -- as it was
    Object.defineProperty(Deferred.prototype, 'then', this.#then);
  }
}
