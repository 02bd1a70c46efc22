// How long a connection may take for what it does at the moment.
import type { Clock, DelayedCall } from '@hawser/core';
import type { CheckedStreamOptions } from './stream-options.ts';

/** What a connection does when the timer looks. */
export interface StreamActivity {
  /** Octets that were sent and not taken by the peer. */
  readonly pendingBytes: number;
  /** Since when the peer does not take what is sent; undefined while it does. */
  readonly cloggedAt: number | undefined;
  /** Transfers are sent, or the last of them waits to be taken. */
  readonly transferring: boolean;
  /** When the transfer that began first has to be over. */
  readonly transferDueAt: number;
  /** Answers are being made, and the peer can do nothing but wait for them. */
  readonly waitingForUs: boolean;
}

/** What a {@link StreamTimer} needs. */
export interface StreamTimerParts {
  readonly clock: Pick<Clock, 'now' | 'callLater'>;
  readonly limits: Pick<
    CheckedStreamOptions,
    'idleTimeoutMs' | 'transferIdleMs' | 'transferTimeoutMs'
  >;
  readonly activity: () => StreamActivity;
  /** The peer has had its time; `afterMs` is how long that was. Called once. */
  readonly timeUp: (afterMs: number) => void;
}

/** A peer that takes an octet now and then does not keep what was sent to it for ever: it has so many times the idle time. */
const CLOG_FACTOR = 6;

/** Ends the patience with a peer. It is set once and looks at the clock when it fires: a busy connection sets no timers. */
export class StreamTimer {
  readonly #parts: StreamTimerParts;
  #call: DelayedCall;
  #touchedAt: number;
  /** What was waiting to be taken when it looked last, or when more was sent. */
  #pendingBytes = 0;

  constructor(parts: StreamTimerParts) {
    const { clock, limits } = parts;
    this.#parts = parts;
    this.#touchedAt = clock.now();
    this.#call = clock.callLater(limits.idleTimeoutMs, () => this.#look());
  }

  /** Something has come to its end, or begun: the time begins anew. */
  touch(): void {
    this.#touchedAt = this.#parts.clock.now();
  }

  /** So many octets were sent to a peer that does not take them, and `pendingBytes` wait now. */
  sent(bytes: number, pendingBytes: number): void {
    if (pendingBytes - bytes < this.#pendingBytes) this.touch();
    this.#pendingBytes = pendingBytes;
  }

  stop(): void {
    this.#call.cancel();
  }

  #look(): void {
    const { clock, limits, activity, timeUp } = this.#parts;
    const { pendingBytes, cloggedAt, transferring, transferDueAt, waitingForUs } = activity();
    const taken = cloggedAt !== undefined && pendingBytes < this.#pendingBytes;
    this.#pendingBytes = pendingBytes;
    if (waitingForUs || taken) this.touch();
    const { dueAt, afterMs } = this.#limitOf({ cloggedAt, transferring, transferDueAt });
    const left = dueAt - clock.now();
    if (left <= 0) {
      timeUp(afterMs);
      return;
    }
    // Not later than that, or nobody would see whether something was taken meanwhile.
    this.#call = clock.callLater(Math.min(left, limits.idleTimeoutMs), () => this.#look());
  }

  /** Which of the limits is reached first, if nothing happens. */
  #limitOf(activity: Omit<StreamActivity, 'pendingBytes' | 'waitingForUs'>): Limit {
    const { idleTimeoutMs, transferIdleMs, transferTimeoutMs } = this.#parts.limits;
    const { cloggedAt, transferring, transferDueAt } = activity;
    const clogged = cloggedAt !== undefined;
    const idleMs = clogged && transferring ? transferIdleMs : idleTimeoutMs;
    const clogMs = idleTimeoutMs * CLOG_FACTOR;
    const limits: Limit[] = [
      { dueAt: this.#touchedAt + idleMs, afterMs: idleMs },
      { dueAt: transferDueAt, afterMs: transferTimeoutMs },
    ];
    // A transfer of which all is sent has no end of its own any more.
    const afterMs = transferring ? transferTimeoutMs : clogMs;
    if (clogged) limits.push({ dueAt: cloggedAt + afterMs, afterMs });
    return limits.reduce((first, limit) => (limit.dueAt < first.dueAt ? limit : first));
  }
}

interface Limit {
  readonly dueAt: number;
  readonly afterMs: number;
}
