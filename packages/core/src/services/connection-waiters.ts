import type { OperationOptions } from '../contract/tcp.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectionError } from '../errors.ts';

/** Whoever waits while nobody is connected is one of at most so many. */
const MAX_WAITING = 10_000;

interface Waiter<P> {
  readonly answer: Deferred<P>;
  failuresLeft: number;
}

/** Those who wait for the next connection of a client. */
export class ConnectionWaiters<P> {
  readonly #waiting = new Set<Waiter<P>>();

  add(
    options: OperationOptions & { readonly failAfterFailures?: number | undefined },
  ): Deferred<P> {
    const { failAfterFailures = Number.POSITIVE_INFINITY, signal } = options;
    if (!(failAfterFailures >= 1)) {
      throw new RangeError(
        `Cannot wait for a connection as failAfterFailures must be 1 or more: ${failAfterFailures}`,
      );
    }
    if (this.#waiting.size >= MAX_WAITING) {
      const message = `Cannot wait for a connection as too many wait already: ${MAX_WAITING}`;
      return fail(new ConnectionError('HAWSER_QUEUE', message));
    }
    const answer = new Deferred<P>({ canceller: () => void this.#waiting.delete(waiter) });
    const waiter: Waiter<P> = { answer, failuresLeft: failAfterFailures };
    this.#waiting.add(waiter);
    return withSignal(answer, signal);
  }

  connected(protocol: P): void {
    for (const { answer } of this.#takeAll()) answer.resolve(protocol);
  }

  /** An attempt failed: who does not want to wait for another one hears it. */
  attemptFailed(error: Error): void {
    const givingUp: Waiter<P>[] = [];
    for (const waiter of this.#waiting) {
      waiter.failuresLeft -= 1;
      if (waiter.failuresLeft <= 0) givingUp.push(waiter);
    }
    for (const waiter of givingUp) this.#waiting.delete(waiter);
    for (const { answer } of givingUp) answer.reject(error);
  }

  stopped(error: Error): void {
    for (const { answer } of this.#takeAll()) answer.reject(error);
  }

  /** Those who come while the others are told wait for the next time. */
  #takeAll(): readonly Waiter<P>[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    return all;
  }
}
