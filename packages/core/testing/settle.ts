import { setImmediate } from 'node:timers';

/** Options for {@link settle}. */
export interface SettleOptions {
  /** Turns of the loop to wait. @defaultValue 8 */
  readonly turns?: number | undefined;
}

/**
 * Lets some turns of the real loop pass, so that promises, ticks and immediates that are due have run, each with what it
 * caused. No time is waited for: it is not for sockets, files or threads. With a test reactor use `clock.settle()`,
 * which knows when there is nothing left.
 */
export async function settle(options: SettleOptions = {}): Promise<void> {
  const { turns = 8 } = options;
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((done) => setImmediate(done));
}
