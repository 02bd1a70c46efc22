/**
 * The one door from a reactor into user code. Every callback of a protocol, every timer, datagram, signal and service
 * hook passes through {@link enter}: it isolates what the callback throws, and makes the context of the connection the
 * current one. Accounting and tracing have this one place to hook.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '../contract/context.ts';
import { disposeOnce } from '../dispose-once.ts';

/** The context of the callback on the stack. */
let running: Context | undefined;

/**
 * Carries the context across awaits, for those who asked. Entering it in every callback would cost an echo several
 * percent on Node 20, where an active `AsyncLocalStorage` is told of every promise, write and tick of the process.
 */
const followed = new AsyncLocalStorage<Context | undefined>();
let followers = 0;

/**
 * The context of the connection, datagram port or service whose code runs: inside its callbacks and in timers, turns
 * and `Deferred` chains that these began. After an `await` only while {@link followContexts} is in force.
 */
export function currentContext(): Context | undefined {
  return running ?? (followers > 0 ? followed.getStore() : undefined);
}

/**
 * From now on contexts follow native promises as well: an async function finds the same {@link currentContext} after
 * each `await`. Counts; disposing the last one ends it. It costs about what `bench/echo.ts` prints as `followed`, so a
 * program asks for it once, at its start, if it wants it.
 */
export function followContexts(): Disposable {
  followers += 1;
  return disposeOnce(() => {
    followers -= 1;
  });
}

/** Whoever calls user code: whose context that is, and what becomes of an error. */
export interface Guard {
  readonly context: Context | undefined;
  /** User code threw in `callback`. What this throws, the caller of {@link enter} has to catch. */
  failed(callback: string, thrown: unknown): void;
}

/**
 * Calls `run(guard, argument)` inside the context of `guard`. Gives what it returned, or `undefined` after a throw.
 * The argument comes apart so that a chunk costs no closure.
 */
export function enter<G extends Guard, A, R>(
  guard: G,
  callback: string,
  run: (guard: G, argument: A) => R,
  argument: A,
): R | undefined {
  const outer = running;
  running = guard.context;
  try {
    return followers > 0 ? followed.run(running, run, guard, argument) : run(guard, argument);
  } catch (thrown) {
    guard.failed(callback, thrown);
    return undefined;
  } finally {
    running = outer;
  }
}
