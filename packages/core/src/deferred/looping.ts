import type { Clock, DelayedCall } from '../contract/clock.ts';
import { Deferred, type DeferredOptions } from './deferred.ts';

/** Options for {@link looping}. */
export interface LoopingOptions extends Pick<DeferredOptions, 'reports' | 'where'> {
  readonly clock: Pick<Clock, 'now' | 'callLater'>;
  /** Milliseconds from one slot to the next. */
  readonly everyMs: number;
  /** Make the first call at once, instead of after `everyMs`. @defaultValue false */
  readonly now?: boolean | undefined;
}

/** A call that is repeated. */
export interface LoopingCall {
  /** Settles when it was stopped; rejects, and is over, when a call fails. Cancelling it stops as well. */
  readonly done: Deferred<void>;
  /** Makes no further call. `done` settles when the call under way has. Harmless when repeated. */
  stop(): void;
}

/**
 * Calls `work` on a fixed grid: at `everyMs`, `2 * everyMs` and so on, however long the calls take. A call waits for
 * the result of the one before, so they never overlap; slots that pass meanwhile are skipped, and `work` is told how
 * many were.
 */
export function looping(work: (skipped: number) => unknown, options: LoopingOptions): LoopingCall {
  const { clock, everyMs, now = false, reports, where = 'looping' } = options;
  if (!(everyMs > 0)) throw new RangeError(`Cannot loop as everyMs must be > 0: ${everyMs}`);
  const start = clock.now();
  let timer: DelayedCall | undefined;
  let underWay: Deferred<unknown> | undefined;
  let stopped = false;
  /** The slot of the last call, or of the one under way. */
  let slot = 0;

  const done = new Deferred<void>({
    reports,
    where,
    canceller(reason) {
      halt();
      underWay?.cancel(reason);
    },
  });
  if (now) call(0);
  else schedule();
  return { done, stop };

  function schedule(): void {
    // A timer may fire a little early: what counts is which slot it was set for.
    const next = Math.max(slot, slotAt(clock.now())) + 1;
    timer = clock.callLater(start + next * everyMs - clock.now(), () => {
      const reached = Math.max(next, slotAt(clock.now()));
      const skipped = reached - slot - 1;
      slot = reached;
      call(skipped);
    });
  }

  function slotAt(time: number): number {
    return Math.floor((time - start) / everyMs);
  }

  function call(skipped: number): void {
    timer = undefined;
    const go = new Deferred<number>();
    underWay = go.addCallback(work);
    void underWay.addBoth((outcome) => {
      underWay = undefined;
      if (outcome.state === 'rejected') done.reject(outcome.error);
      else if (stopped) done.resolve();
      else schedule();
    });
    // Last, as the call may stop the loop.
    go.resolve(skipped);
  }

  function halt(): void {
    stopped = true;
    timer?.cancel();
  }

  function stop(): void {
    halt();
    if (!underWay) done.resolve();
  }
}
