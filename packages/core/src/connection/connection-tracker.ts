import type { CloseReason } from '../contract/close-reason.ts';
import type { DrainReport } from '../contract/port.ts';
import type { Has } from '../contract/reactor.ts';
import { Deferred } from '../deferred/deferred.ts';
import type { WireTransport } from './wire-transport.ts';

/** The open connections of one port. One timer serves the whole drain. */
export class ConnectionTracker {
  readonly #reactor: Has<'clock'>;
  readonly #closed: (() => void) | undefined;
  readonly #open = new Set<WireTransport>();
  #whenEmpty: Deferred<void>[] = [];
  /** Connections that are gone, and those of them that were cut off. */
  #gone = 0;
  #cutOff = 0;

  /** @param closed hears of each connection that is gone */
  constructor(reactor: Has<'clock'>, closed?: () => void) {
    this.#reactor = reactor;
    this.#closed = closed;
  }

  get size(): number {
    return this.#open.size;
  }

  add(transport: WireTransport): void {
    this.#open.add(transport);
    transport.onClose((reason) => {
      this.#open.delete(transport);
      this.#closed?.();
      this.#gone += 1;
      if (isCutOff(reason)) this.#cutOff += 1;
      if (this.#open.size > 0) return;
      const waiting = this.#whenEmpty;
      this.#whenEmpty = [];
      for (const deferred of waiting) deferred.resolve();
    });
  }

  /** Settles when no connection is open. */
  empty(): Deferred<void> {
    const deferred = new Deferred<void>();
    if (this.#open.size === 0) deferred.resolve();
    else this.#whenEmpty.push(deferred);
    return deferred;
  }

  /** Asks every connection to finish; aborts at `deadline` what has not. */
  drain(deadline: number): Deferred<DrainReport> {
    const goneBefore = this.#gone;
    const cutOffBefore = this.#cutOff;
    for (const transport of this.#open) transport.requestDrain(deadline);
    const wait = Math.max(0, deadline - this.#reactor.clock.now());
    const timer = this.#reactor.clock.callLater(wait, () => this.abortAll({ kind: 'shutdown' }));
    return this.empty().addBoth((outcome) => {
      timer.cancel();
      if (outcome.state === 'rejected') throw outcome.error;
      const aborted = this.#cutOff - cutOffBefore;
      return { finished: this.#gone - goneBefore - aborted, aborted };
    });
  }

  abortAll(reason: CloseReason): void {
    for (const transport of this.#open) transport.abort(reason);
  }
}

/**
 * Whether a connection did not finish in time: it was ended by a shutdown, or by the timer of its own `close`, which may
 * have the same deadline and run out first.
 */
export function isCutOff(reason: CloseReason): boolean {
  return reason.kind === 'shutdown' || (reason.kind === 'timeout' && reason.timer === 'close');
}
