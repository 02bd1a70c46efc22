/** What is remembered of one question. */
interface Remembered<T> {
  readonly value: T;
  /** On the clock that the cache is given. */
  readonly until: number;
}

/** Values with an end, the least recently used of which make room for others. */
export class ResolverCache<T> {
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Remembered<T>>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, if it has not ended at `now`. */
  get(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= now) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: T, until: number): void {
    this.#entries.delete(key);
    if (this.#maxEntries < 1) return;
    if (this.#entries.size >= this.#maxEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, until });
  }

  clear(): void {
    this.#entries.clear();
  }
}
