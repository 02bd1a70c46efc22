/**
 * The one door from a reactor into user code. Every callback of a protocol, every timer, datagram, signal and service
 * hook passes through {@link enter}: it isolates what the callback throws, and makes the context of the connection the
 * current one, across everything the callback awaits. Accounting and tracing have this one place to hook.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '../contract/context.ts';

/** One for all of Hawser: each `AsyncLocalStorage` makes every promise of the process a little dearer. */
const current = new AsyncLocalStorage<Context | undefined>();

/** The context of the connection, datagram port or service whose code runs, however many awaits ago it was entered. */
export function currentContext(): Context | undefined {
  return current.getStore();
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
  try {
    const { context } = guard;
    // Entering is dearer than asking, and a callback often follows another of the same connection.
    if (current.getStore() === context) return run(guard, argument);
    return current.run(context, run, guard, argument);
  } catch (thrown) {
    guard.failed(callback, thrown);
    return undefined;
  }
}
