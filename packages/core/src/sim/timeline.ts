import { CallHeap } from './call-heap.ts';
import { type CallOwner, ScheduledCall } from './scheduled-call.ts';

const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Virtual time: calls due at some time, and calls due in a later turn of now. It makes none of them by itself; a clock
 * or a driver does.
 */
export class Timeline {
  readonly #track: boolean;
  readonly #later = new CallHeap();
  #soon: ScheduledCall[] = [];
  /** Calls of `#soon` that were made already; removing from the front of an array moves the rest. */
  #soonDone = 0;
  #now = 0;
  #order = 0;
  #changes = 0;
  /** Hears that something was scheduled. */
  onChange: (() => void) | undefined;

  constructor(options: { readonly track?: boolean | undefined } = {}) {
    this.#track = options.track ?? false;
  }

  get now(): number {
    return this.#now;
  }
  /** Rises with everything that is scheduled or happens: while it stands still nothing is going on. */
  get changes(): number {
    return this.#changes;
  }
  /** Calls due at some time. */
  get size(): number {
    return this.#later.size;
  }
  /** Calls due in a later turn of now. */
  get soon(): number {
    return this.#soon.length - this.#soonDone;
  }
  /** When the next call is due; `undefined` if none is. */
  get next(): number | undefined {
    return this.soon > 0 ? this.#now : this.#later.peek()?.at;
  }

  /** Schedules `call` after `ms`. */
  after(ms: number, call: () => void, made: { owner: CallOwner; where: string }): ScheduledCall {
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(0, ms));
    const scheduled = this.#make(this.#now + (wait > 0 ? wait : 0), call, made);
    this.#later.push(scheduled);
    this.#changed();
    return scheduled;
  }

  /** Schedules `call` in a later turn, before any call that is not due yet. */
  inTurn(call: () => void, made: { owner: CallOwner; where: string }): void {
    this.#soon.push(this.#make(this.#now, call, made));
    this.#changed();
  }

  /** Makes the next call of a later turn. False if there is none. */
  runSoon(): boolean {
    const next = this.#soon[this.#soonDone];
    if (!next) return false;
    this.#soonDone += 1;
    if (this.#soonDone === this.#soon.length) {
      this.#soon = [];
      this.#soonDone = 0;
    }
    this.#changes += 1;
    next.run();
    return true;
  }

  /** Makes the next call that is due by `until`, and lets the time pass until then. False if there is none. */
  runNext(until: number): boolean {
    if (this.runSoon()) return true;
    const next = this.#later.peek();
    if (!next || next.at > until) return false;
    this.#later.pop();
    this.#now = Math.max(this.#now, next.at);
    this.#changes += 1;
    next.run();
    return true;
  }

  /**
   * When `ms` will have passed; less than nothing counts as nothing.
   * @throws RangeError if that is no time
   */
  in(ms: number): number {
    if (Number.isFinite(ms)) return this.#now + Math.max(0, ms);
    throw new RangeError(`Cannot let time pass as ms must be finite: current value is ${ms}`);
  }

  /** Lets time pass in which nothing is due. */
  jump(until: number): void {
    this.#now = Math.max(this.#now, until);
  }

  /** Forgets the calls of owners that have died. */
  sweep(): void {
    this.#later.sweep();
  }

  /** The calls due at some time, in order. */
  list(): readonly ScheduledCall[] {
    return this.#later.list();
  }

  #make(
    at: number,
    call: () => void,
    { owner, where }: { owner: CallOwner; where: string },
  ): ScheduledCall {
    return new ScheduledCall({
      at,
      order: this.#order++,
      owner,
      where,
      call,
      cancelled: this.#cancelled,
      track: this.#track,
    });
  }

  #changed(): void {
    this.#changes += 1;
    this.onChange?.();
  }

  readonly #cancelled = (): void => {
    this.#changes += 1;
    this.#later.cancelled();
  };
}
