import { currentContext, enter, type Guard } from '../connection/entry.ts';
import type { Clock, DelayedCall } from '../contract/clock.ts';
import type { Context } from '../contract/context.ts';
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
    return new NodeTimer(this.#reports, { wait, call });
  }

  callSoon(call: () => void): void {
    setImmediate(runSoon, new Call(this.#reports, call));
  }
}

/** User code that runs later, in the context of whoever asked for it. */
class Call implements Guard {
  readonly context: Context | undefined = currentContext();
  readonly #reports: Reports;
  readonly #call: () => void;

  constructor(reports: Reports, call: () => void) {
    this.#reports = reports;
    this.#call = call;
  }

  run(callback: string): void {
    enter(this, callback, Call.#run, undefined);
  }

  failed(callback: string, thrown: unknown): void {
    this.#reports.problem(`${this.context?.label ?? 'clock'}.${callback}`, thrown);
  }

  static readonly #run = (self: Call): void => self.#call();
}

class NodeTimer extends Call implements DelayedCall {
  readonly at: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    reports: Reports,
    { wait, call }: { readonly wait: number; readonly call: () => void },
  ) {
    super(reports, call);
    this.at = performance.now() + wait;
    this.#timer = setTimeout(runLater, wait, this);
  }

  get active(): boolean {
    return this.#timer !== undefined;
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  fire(): void {
    this.#timer = undefined;
    this.run('callLater');
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

function runSoon(call: Call): void {
  call.run('callSoon');
}
function runLater(timer: NodeTimer): void {
  timer.fire();
}
