import { ConnectionError } from '../errors.ts';
import { Deferred } from './deferred.ts';
import { succeed } from './succeed.ts';

/** Options for {@link DeferredQueue}. */
export interface DeferredQueueOptions {
  /** Items that may wait to be taken. */
  readonly size: number;
  /** Takers that may wait for an item. @defaultValue 1_000 */
  readonly backlog?: number | undefined;
}

/**
 * Items for whoever asks, in order on both sides: a `put` goes to the taker that has waited longest, a `get` takes the
 * oldest item. Cancelling what `get` gave leaves the line.
 */
export class DeferredQueue<T> {
  readonly #maxItems: number;
  readonly #maxTakers: number;
  readonly #items: T[] = [];
  readonly #takers = new Set<Deferred<T>>();

  constructor(options: DeferredQueueOptions) {
    const { size, backlog = 1_000 } = options;
    if (!(size >= 0))
      throw new RangeError(`Cannot make a queue as size must be 0 or more: ${size}`);
    if (!(backlog >= 0)) {
      throw new RangeError(`Cannot make a queue as backlog must be 0 or more: ${backlog}`);
    }
    this.#maxItems = size;
    this.#maxTakers = backlog;
  }

  /** Items that wait to be taken. */
  get length(): number {
    return this.#items.length;
  }

  /** Takers that wait for an item. */
  get waiting(): number {
    return this.#takers.size;
  }

  /**
   * Gives `item` to the first who waits, or keeps it.
   * @throws ConnectionError `HAWSER_QUEUE` when `size` items wait already
   */
  put(item: T): void {
    const [taker] = this.#takers;
    if (taker) {
      this.#takers.delete(taker);
      taker.resolve(item);
      return;
    }
    if (this.#items.length >= this.#maxItems) {
      throw new ConnectionError(
        'HAWSER_QUEUE',
        `Cannot put another item into a full queue: ${this.#items.length} wait`,
      );
    }
    this.#items.push(item);
  }

  /**
   * The oldest item, now or when it comes.
   * @throws ConnectionError `HAWSER_QUEUE` when `backlog` takers wait already
   */
  get(): Deferred<T> {
    if (this.#items.length > 0) return succeed(this.#items.shift() as T);
    if (this.#takers.size >= this.#maxTakers) {
      throw new ConnectionError(
        'HAWSER_QUEUE',
        `Cannot wait for another item of an empty queue: ${this.#takers.size} wait already`,
      );
    }
    const taker: Deferred<T> = new Deferred<T>({
      canceller: () => this.#takers.delete(taker),
      where: 'queue.get',
    });
    this.#takers.add(taker);
    return taker;
  }
}
