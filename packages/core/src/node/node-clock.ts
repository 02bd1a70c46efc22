import type { Clock, DelayedCall } from '../contract/clock.ts';
import type { Reports } from '../contract/reports.ts';

/** The longest a node timer can wait; anything longer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Real time. */
export class NodeClock implements Clock {
  readonly #reports: Reports;

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  now(): number {
    return performance.now();
  }

  epoch(): number {
    return Date.now();
  }

  callLater(ms: number, call: () => void): DelayedCall {
    const wait = Math.min(Math.max(0, ms), MAX_TIMER_MS);
    let active = true;
    const timer = setTimeout(() => {
      active = false;
      this.#run(call);
    }, wait);
    const cancel = (): void => {
      active = false;
      clearTimeout(timer);
    };
    return {
      at: performance.now() + wait,
      get active(): boolean {
        return active;
      },
      cancel,
      [Symbol.dispose]: cancel,
    };
  }

  callSoon(call: () => void): void {
    setImmediate(() => this.#run(call));
  }

  #run(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      this.#reports.problem('clock', thrown);
    }
  }
}
