import { Deferred } from '@hawser/core';

/**
 * Work that several want at the same time is done once. Whoever cancels stops waiting; when nobody waits any more the work is
 * cancelled.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** How many are under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** The result of `start`, or of the call for the same `key` that is under way. */
  run(key: string, start: () => Deferred<T>): Deferred<T> {
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = { work: start(), waiting: new Set() };
      this.#fly(key, flight);
    }
    return join(flight);
  }

  #fly(key: string, flight: Flight<T>): void {
    this.#flights.set(key, flight);
    const { work, waiting } = flight;
    void work.addBoth((outcome) => {
      this.#flights.delete(key);
      for (const each of waiting) {
        if (outcome.state === 'fulfilled') each.resolve(outcome.value);
        else each.reject(outcome.error);
      }
      waiting.clear();
    });
  }
}

interface Flight<T> {
  readonly work: Deferred<T>;
  readonly waiting: Set<Deferred<T>>;
}

function join<T>({ work, waiting }: Flight<T>): Deferred<T> {
  const known = work.peek();
  if (known.state !== 'pending') return work;
  const mine: Deferred<T> = new Deferred<T>({
    where: 'dns.wait',
    canceller: (reason) => {
      waiting.delete(mine);
      if (waiting.size === 0) work.cancel(reason);
    },
  });
  waiting.add(mine);
  return mine;
}
