// Deadlines of many connections on one timer of the clock. A timer for each was 500 bytes, a tenth of an idle connection.
import { type Clock, type Context, type DelayedCall, enter, type Guard } from '@hawser/core';

/** Who waits for a time. What it throws goes to `failed`. */
export interface Waiting extends Guard {
  readonly context: Context;
  /** When to look, on the clock; infinity while it does not wait. Only the queue changes it, and `place`. */
  dueAt: number;
  /** Where it stands in the queue. */
  place: number;
  look(now: number): void;
}

const NEVER = Number.POSITIVE_INFINITY;
const QUEUES = new WeakMap<Clock, DeadlineQueue>();

/**
 * A heap by `dueAt`: whoever is first stands at its root. None is moved when its deadline is put off: it looks at the
 * time it had, and waits again, so that a request costs no change of the heap.
 */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #heap: Waiting[] = [];
  #timer: DelayedCall | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The one queue of `clock`. */
  static of(clock: Clock): DeadlineQueue {
    let queue = QUEUES.get(clock);
    if (!queue) {
      queue = new DeadlineQueue(clock);
      QUEUES.set(clock, queue);
    }
    return queue;
  }

  /** Makes sure that `waiting` looks at `at`, or before; not in this turn. */
  arm(waiting: Waiting, at: number, now: number): void {
    if (at >= waiting.dueAt) return;
    if (this.#timer?.active === false) this.#forgetAll();
    if (waiting.dueAt === NEVER) waiting.place = this.#heap.push(waiting) - 1;
    waiting.dueAt = Math.max(at, now + 1);
    this.#rise(waiting);
    this.#setTimer();
  }

  cancel(waiting: Waiting): void {
    if (waiting.dueAt !== NEVER) this.#take(waiting);
    // The timer would keep the process alive for nobody.
    if (this.#heap.length === 0) this.#stopTimer();
  }

  /** The timer died with a simulated host, and so did everybody who waited. */
  #forgetAll(): void {
    this.#timer = undefined;
    for (const each of this.#heap.splice(0)) each.dueAt = NEVER;
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #setTimer(): void {
    const first = this.#heap[0];
    if (!first || (this.#timer && this.#timer.at <= first.dueAt)) return;
    this.#timer?.cancel();
    const now = this.#clock.now();
    this.#timer = this.#clock.callLater(Math.max(first.dueAt - now, 1), this.#fired);
  }

  readonly #fired = (): void => {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first && first.dueAt <= now; first = this.#heap[0]) {
      this.#take(first);
      enter(first, 'deadline', look, now);
    }
    this.#setTimer();
  };

  #take(waiting: Waiting): void {
    const { place } = waiting;
    waiting.dueAt = NEVER;
    const last = this.#heap.pop();
    if (!last || last === waiting) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  #put(waiting: Waiting, place: number): void {
    this.#heap[place] = waiting;
    waiting.place = place;
  }

  #rise(waiting: Waiting): void {
    while (waiting.place > 0) {
      const { place } = waiting;
      const parent = this.#heap[(place - 1) >> 1];
      if (!parent || parent.dueAt <= waiting.dueAt) return;
      this.#put(parent, place);
      this.#put(waiting, (place - 1) >> 1);
    }
  }

  #sink(waiting: Waiting): void {
    for (;;) {
      const { place } = waiting;
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const child = left && right && right.dueAt < left.dueAt ? right : left;
      if (!child || child.dueAt >= waiting.dueAt) return;
      this.#put(waiting, child.place);
      this.#put(child, place);
    }
  }
}

function look(waiting: Waiting, now: number): void {
  waiting.look(now);
}
