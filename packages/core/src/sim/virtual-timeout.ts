import { AsyncLocalStorage } from 'node:async_hooks';
import type { DelayedCall } from '../contract/clock.ts';
import type { CallOwner } from './scheduled-call.ts';
import type { Timeline } from './timeline.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;
/** Timers that somebody keeps as a number, by that number. */
const numbered = new Map<string, VirtualTimeout>();
let lastNumber = 0;

/** What a {@link VirtualTimeout} is made of. */
export interface VirtualTimeoutParts {
  readonly timeline: Timeline;
  readonly owner: CallOwner;
  readonly call: () => void;
  /** As it was given. */
  readonly ms: unknown;
  readonly repeats: boolean;
}

/** What looks like a `NodeJS.Timeout`. */
export class VirtualTimeout implements Disposable {
  /** Tells node's own `clearTimeout`, which may be called after the capture, that there is nothing to unlink. */
  readonly _destroyed = true;
  readonly #parts: VirtualTimeoutParts;
  readonly #inScope: (call: () => void) => void = AsyncLocalStorage.snapshot();
  #scheduled: DelayedCall | undefined;
  #refers = true;
  #cleared = false;
  #number: number | undefined;

  constructor(parts: VirtualTimeoutParts) {
    this.#parts = parts;
    this.#arm();
  }

  /** The timer that somebody keeps, perhaps by its number. */
  static of(timer: unknown): VirtualTimeout | undefined {
    if (timer instanceof VirtualTimeout) return timer;
    return typeof timer === 'number' || typeof timer === 'string'
      ? numbered.get(String(timer))
      : undefined;
  }

  ref(): this {
    this.#refers = true;
    return this;
  }
  unref(): this {
    this.#refers = false;
    return this;
  }
  hasRef(): boolean {
    return this.#refers;
  }
  refresh(): this {
    this.#scheduled?.cancel();
    if (!this.#cleared) this.#arm();
    return this;
  }
  close(): this {
    this.#cleared = true;
    this.#scheduled?.cancel();
    this.#scheduled = undefined;
    this.#forgetNumber();
    return this;
  }
  /** Node's `clearTimeout` looks whether there is one, and sets it to null. */
  get _onTimeout(): (() => void) | null {
    return this.#scheduled ? this.#parts.call : null;
  }
  set _onTimeout(_: null) {
    this.close();
  }
  [Symbol.toPrimitive](): number {
    if (this.#number === undefined) {
      // Below zero, where node has no timers.
      lastNumber -= 1;
      this.#number = lastNumber;
      numbered.set(String(lastNumber), this);
    }
    return this.#number;
  }
  [Symbol.dispose](): void {
    this.close();
  }

  #arm(): void {
    const { timeline, owner } = this.#parts;
    const ms = timerMs(this.#parts.ms);
    const where = this.#parts.repeats ? 'setInterval' : 'setTimeout';
    this.#scheduled = timeline.after(ms, () => this.#fire(), { owner, where });
  }

  #forgetNumber(): void {
    if (this.#number !== undefined) numbered.delete(String(this.#number));
  }

  #fire(): void {
    this.#scheduled = undefined;
    if (this.#parts.repeats) this.#arm();
    else this.#forgetNumber();
    this.#inScope(this.#parts.call);
  }
}

/** What node makes of a wait: what is no number of milliseconds up to 24.8 days is 1. */
function timerMs(ms: unknown): number {
  const wait = Number(ms);
  return wait >= 1 && wait <= MAX_TIMER_MS ? Math.trunc(wait) : 1;
}
