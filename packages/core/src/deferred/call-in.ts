import { currentContext, enter } from '../connection/entry.ts';
import type { Context } from '../contract/context.ts';

/** Calls `call(argument)` as code that runs on behalf of `context`, whoever's turn it is. What it throws is thrown. */
export function callIn<A, R>(
  context: Context | undefined,
  call: (argument: A) => R,
  argument: A,
): R {
  if (context === currentContext()) return call(argument);
  const guard = { context, failed: rethrow };
  return enter(guard, 'callback', (_, value: A) => call(value), argument) as R;
}

function rethrow(_callback: string, thrown: unknown): never {
  throw thrown;
}
