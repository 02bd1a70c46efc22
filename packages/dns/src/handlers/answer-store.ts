import type { CachedAnswer } from './cached-answer.ts';

/** Answers by key, up to a number of octets and entries. What was not asked for lately makes room for what is new. */
export class AnswerStore {
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, CachedAnswer>();
  #bytes = 0;
  /** Entries that made room for others. */
  evicted = 0;

  constructor(limits: { readonly maxBytes: number; readonly maxEntries: number }) {
    this.#maxBytes = limits.maxBytes;
    this.#maxEntries = limits.maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Memory of all entries, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): CachedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.used = true;
    return entry;
  }

  set(key: string, entry: CachedAnswer): void {
    this.delete(key);
    // One answer must not drive out all others.
    if (this.#maxEntries < 1 || entry.bytes > this.#maxBytes / 8) return;
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
    while (this.#bytes > this.#maxBytes || this.#entries.size > this.#maxEntries) this.#evict();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  /** Deletes what `test` is true for, and gives how many that were. */
  deleteWhere(test: (entry: CachedAnswer) => boolean): number {
    const before = this.#entries.size;
    for (const [key, entry] of this.#entries) if (test(entry)) this.delete(key);
    return before - this.#entries.size;
  }

  /** Who was asked for gets a second chance behind the others: nearly LRU, without any work when something is found. */
  #evict(): void {
    for (const [key, entry] of this.#entries) {
      this.delete(key);
      if (!entry.used) {
        this.evicted += 1;
        return;
      }
      entry.used = false;
      this.#entries.set(key, entry);
      this.#bytes += entry.bytes;
    }
  }
}
