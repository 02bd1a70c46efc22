import type { Clock, DelayedCall } from '../contract/clock.ts';
import type { CallOwner } from './scheduled-call.ts';
import type { Timeline } from './timeline.ts';
import { VIRTUAL_EPOCH } from './virtual-clock.ts';

/** The clock of one simulated host: the time of all, and timers that die with the host. */
export class HostClock implements Clock {
  readonly #timeline: Timeline;
  readonly #life: () => CallOwner;
  /** How far the clock on its wall is off. */
  skewMs = 0;

  constructor(timeline: Timeline, life: () => CallOwner) {
    this.#timeline = timeline;
    this.#life = life;
  }

  now(): number {
    return this.#timeline.now;
  }

  epoch(): number {
    return VIRTUAL_EPOCH + this.#timeline.now + this.skewMs;
  }

  callLater(ms: number, call: () => void): DelayedCall {
    return this.#timeline.after(ms, call, { owner: this.#life(), where: 'clock.callLater' });
  }

  callSoon(call: () => void): void {
    this.#timeline.inTurn(call, { owner: this.#life(), where: 'clock.callSoon' });
  }
}
