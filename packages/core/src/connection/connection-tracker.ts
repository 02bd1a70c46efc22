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
  /** Connections ended by a shutdown that did not wait for them. */
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
    transport.onClose(({ kind }) => {
      this.#open.delete(transport);
      this.#closed?.();
      if (kind === 'shutdown') this.#cutOff += 1;
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
    const asked = [...this.#open];
    const cutOffBefore = this.#cutOff;
    for (const transport of asked) transport.requestDrain(deadline);
    const wait = Math.max(0, deadline - this.#reactor.clock.now());
    const timer = this.#reactor.clock.callLater(wait, () => this.abortAll({ kind: 'shutdown' }));
    return this.empty().addCallback(() => {
      timer.cancel();
      const aborted = this.#cutOff - cutOffBefore;
      return { finished: Math.max(0, asked.length - aborted), aborted };
    });
  }

  abortAll(reason: CloseReason): void {
    for (const transport of this.#open) transport.abort(reason);
  }
}
