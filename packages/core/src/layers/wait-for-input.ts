import type { Clock } from '../contract/clock.ts';

/** What is waited for, and what happens if it does not come. */
export interface InputWait {
  readonly ms: number;
  readonly expired: () => void;
}

/**
 * Calls `expired` after `ms` milliseconds, unless it is cancelled, behind all that has arrived by then. In a process that
 * was busy timers come before sockets, so that a peer whose bytes wait in the kernel would pass for a silent one.
 */
export function waitForInput(clock: Clock, { ms, expired }: InputWait): { cancel(): void } {
  let waiting = true;
  const timer = clock.callLater(ms, () => {
    clock.callSoon(() => {
      if (waiting) expired();
    });
  });
  return {
    cancel() {
      waiting = false;
      timer.cancel();
    },
  };
}
