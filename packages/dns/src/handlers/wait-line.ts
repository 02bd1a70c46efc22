// Waits of one length on one timer: whoever began first is late first. A timer for each of thousands costs more than all else.
import type { Clock, DelayedCall } from '@hawser/core';

/** Somebody who waits. */
export interface Wait {
  /** It took too long. Called once, unless it was removed before; must not throw. */
  readonly late: () => void;
}

interface Place extends Wait {
  readonly dueAt: number;
  before: Place | undefined;
  behind: Place | undefined;
  waits: boolean;
}

/** Waits of `ms` milliseconds each. Takes no timer while nobody waits. */
export class WaitLine {
  readonly #clock: Clock;
  readonly #ms: number;
  #first: Place | undefined;
  #last: Place | undefined;
  #timer: DelayedCall | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Waits from now on. */
  add(late: () => void): Wait {
    const last = this.#last;
    const dueAt = this.#clock.now() + this.#ms;
    const place: Place = { late, dueAt, before: last, behind: undefined, waits: true };
    if (last === undefined) this.#first = place;
    else last.behind = place;
    this.#last = place;
    // A timer dies with a simulated host.
    if (this.#timer?.active !== true) this.#setTimer();
    return place;
  }

  /** Waits no longer. False for one that was late, or removed before. */
  remove(wait: Wait): boolean {
    const place = wait as Place;
    if (!place.waits) return false;
    this.#take(place);
    // The timer would keep the process alive for nobody. One that others wait for fires early, and is set again then.
    if (this.#first === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    return true;
  }

  #take(place: Place): void {
    const { before, behind } = place;
    place.waits = false;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
  }

  #setTimer(): void {
    const first = this.#first;
    if (first === undefined) return;
    this.#timer = this.#clock.callLater(Math.max(first.dueAt - this.#clock.now(), 1), this.#fired);
  }

  readonly #fired = (): void => {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let first = this.#first; first && first.dueAt <= now; first = this.#first) {
      this.#take(first);
      first.late();
    }
    // Whoever was late may have begun another wait, and set the timer.
    if (this.#timer === undefined) this.#setTimer();
  };
}

/** A {@link WaitLine} for each clock: a handler may be in servers of several reactors. */
export class WaitLines {
  readonly #ms: number;
  readonly #lines = new WeakMap<Clock, WaitLine>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  of(clock: Clock): WaitLine {
    let line = this.#lines.get(clock);
    if (line === undefined) {
      line = new WaitLine(clock, this.#ms);
      this.#lines.set(clock, line);
    }
    return line;
  }
}
