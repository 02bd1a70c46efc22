import type { ScheduledCall } from './scheduled-call.ts';

/** Below this many cancelled calls, sweeping costs more than it gives. */
const SWEEP_FROM = 64;

/**
 * Calls by time, then by order of creation: a binary heap. A cancelled call stays until it comes up, or until more than
 * half of the heap is cancelled, so that cancelling is cheap and idle timers that are moved all the time do not pile up.
 */
export class CallHeap {
  #calls: ScheduledCall[] = [];
  #cancelled = 0;

  /** Calls that will happen. */
  get size(): number {
    return this.#calls.length - this.#cancelled;
  }

  push(call: ScheduledCall): void {
    const calls = this.#calls;
    let at = calls.length;
    calls.push(call);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = calls[above] as ScheduledCall;
      if (!isBefore(call, parent)) break;
      calls[at] = parent;
      at = above;
    }
    calls[at] = call;
  }

  /** The next call, which stays; cancelled ones before it are gone after this. */
  peek(): ScheduledCall | undefined {
    for (;;) {
      const first = this.#calls[0];
      if (!first || first.active) return first;
      this.#cancelled = Math.max(0, this.#cancelled - 1);
      this.#removeFirst();
    }
  }

  pop(): ScheduledCall | undefined {
    const first = this.peek();
    if (first) this.#removeFirst();
    return first;
  }

  /** Says that a call in the heap is not active any more. */
  cancelled(): void {
    this.#cancelled += 1;
    if (this.#cancelled > SWEEP_FROM && this.#cancelled * 2 > this.#calls.length) this.sweep();
  }

  /** Forgets all calls that are not active. */
  sweep(): void {
    const active = this.#calls.filter((call) => call.active);
    this.#calls = [];
    this.#cancelled = 0;
    for (const call of active) this.push(call);
  }

  /** The calls that will happen, in order. */
  list(): ScheduledCall[] {
    return this.#calls
      .filter((call) => call.active)
      .sort((one, other) => (isBefore(one, other) ? -1 : 1));
  }

  #removeFirst(): void {
    const calls = this.#calls;
    const last = calls.pop();
    if (!last || calls.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= calls.length) break;
      const right = calls[below + 1];
      if (right && isBefore(right, calls[below] as ScheduledCall)) below += 1;
      const child = calls[below] as ScheduledCall;
      if (!isBefore(child, last)) break;
      calls[at] = child;
      at = below;
    }
    calls[at] = last;
  }
}

function isBefore(one: ScheduledCall, other: ScheduledCall): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
