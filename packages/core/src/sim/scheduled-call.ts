import { currentContext, enter, type Guard } from '../connection/entry.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { Context } from '../contract/context.ts';

/** On whose behalf a call happens. When its owner has died, as a crashed host has, a call does not happen. */
export interface CallOwner {
  /** How a leak names it. */
  readonly label: string;
  readonly alive: boolean;
  /** Whether its calls run in the context in which they were made. Packets do not: they belong to nobody. */
  readonly keepsContext: boolean;
  failed(where: string, thrown: unknown): void;
}

/** What a {@link ScheduledCall} is made of. */
export interface ScheduledCallParts {
  readonly at: number;
  readonly order: number;
  readonly owner: CallOwner;
  /** How reports name it, such as `"clock.callLater"`. */
  readonly where: string;
  readonly call: () => void;
  /** Hears that it was cancelled. */
  readonly cancelled: () => void;
  /** Remember where it was made. */
  readonly track: boolean;
}

/** A call on a timeline. It runs in the context in which it was made, as a timer of the real loop does. */
export class ScheduledCall implements DelayedCall, Guard {
  readonly at: number;
  readonly order: number;
  readonly owner: CallOwner;
  readonly where: string;
  readonly context: Context | undefined;
  /** An error made with the call, for its stack; only when leaks are tracked. */
  readonly madeAt: Error | undefined;
  readonly #cancelled: () => void;
  #call: (() => void) | undefined;

  constructor(parts: ScheduledCallParts) {
    this.at = parts.at;
    this.order = parts.order;
    this.owner = parts.owner;
    this.where = parts.where;
    this.context = parts.owner.keepsContext ? currentContext() : undefined;
    this.madeAt = parts.track ? new Error(`${parts.where} of ${parts.owner.label}`) : undefined;
    this.#cancelled = parts.cancelled;
    this.#call = parts.call;
  }

  get active(): boolean {
    return this.#call !== undefined && this.owner.alive;
  }

  cancel(): void {
    if (!this.#call) return;
    this.#call = undefined;
    this.#cancelled();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  /** Makes the call. What it throws goes to the owner. */
  run(): void {
    const call = this.#call;
    this.#call = undefined;
    if (call && this.owner.alive) enter(this, this.where, callIt, call);
  }

  failed(where: string, thrown: unknown): void {
    this.owner.failed(where, thrown);
  }
}

function callIt(_: ScheduledCall, call: () => void): void {
  call();
}
