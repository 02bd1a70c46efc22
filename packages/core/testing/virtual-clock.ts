import { setImmediate } from 'node:timers';
import type { Clock, DelayedCall } from '../src/contract/clock.ts';
import type { Reports } from '../src/contract/reports.ts';

interface Timer extends DelayedCall {
  readonly order: number;
  readonly call: () => void;
}

const LONGEST_WAIT_MS = 2 ** 31 - 1;
/** Turns of the real loop without a sign of life that count as quiet. */
const QUIET_TURNS = 4;
const MAX_TURNS = 100_000;

/** Time that passes only when a test says so. It begins at 0, which is 2026-01-01T00:00:00Z. */
export class VirtualClock implements Clock {
  readonly #reports: Reports;
  /** Sorted by time, then by order of creation. */
  #timers: Timer[] = [];
  #now = 0;
  #order = 0;
  #soon = 0;

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  /** Calls that are due some time. Zero at the end of a test means nothing was left running. */
  get timers(): number {
    return this.#timers.length;
  }

  callLater(ms: number, call: () => void): DelayedCall {
    const at = this.#now + Math.min(LONGEST_WAIT_MS, Math.max(0, ms));
    const timers = (): Timer[] => this.#timers;
    const timer: Timer = {
      at,
      order: this.#order++,
      call,
      get active() {
        return timers().includes(timer);
      },
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
      [Symbol.dispose]: () => timer.cancel(),
    };
    const before = this.#timers.findIndex((other) => other.at > at);
    this.#timers.splice(before < 0 ? this.#timers.length : before, 0, timer);
    return timer;
  }

  callSoon(call: () => void): void {
    this.#soon += 1;
    setImmediate(() => {
      this.#soon -= 1;
      this.#run('clock.callSoon', call);
    });
  }

  /** Lets `ms` pass and runs what is due, in this turn. Promises and `callSoon` have to wait until it returns. */
  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.#runNext(until)) {}
    this.#now = until;
  }

  /** Lets `ms` pass, and lets everything settle before, between and after what is due. */
  async elapse(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    while (this.#runNext(until)) await this.settle();
    this.#now = until;
  }

  /** Runs turns of the real loop until nothing happens any more. No time passes. */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; quiet < QUIET_TURNS; turn++) {
      if (turn === MAX_TURNS) throw new Error(`Cannot settle: still busy after ${turn} turns`);
      quiet = this.#soon > 0 ? 0 : quiet + 1;
      await new Promise<void>((done) => setImmediate(done));
    }
  }

  #runNext(until: number): boolean {
    const next = this.#timers[0];
    if (!next || next.at > until) return false;
    this.#timers.shift();
    this.#now = next.at;
    this.#run('clock.callLater', next.call);
    return true;
  }

  #run(where: string, call: () => void): void {
    try {
      call();
    } catch (thrown) {
      this.#reports.problem(where, thrown);
    }
  }
}
