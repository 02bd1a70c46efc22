// A map by name for a million of them. One Map would have to move them all to a larger place now and then, which takes 50 ms.

/** A power of two. Of a million names each part has some ten thousand. */
const PARTS = 64;
/** Octets of a name that choose its part. */
const HASHED = 24;

/** Values by `Name.key`, in the order in which their names came. */
export class NameTable<T> {
  readonly #parts: readonly Map<string, T>[] = Array.from({ length: PARTS }, () => new Map());
  readonly #keys: string[] = [];

  get(key: string): T | undefined {
    return this.#partOf(key).get(key);
  }

  has(key: string): boolean {
    return this.#partOf(key).has(key);
  }

  /** Adds a name that is not there yet. */
  add(key: string, value: T): void {
    this.#partOf(key).set(key, value);
    this.#keys.push(key);
  }

  *entries(): Generator<[string, T], void, undefined> {
    for (const key of this.#keys) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** By the first octets: the last labels are those of the zone. */
  #partOf(key: string): Map<string, T> {
    let hash = 0;
    const end = Math.min(key.length, HASHED);
    for (let at = 0; at < end; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
    return this.#parts[hash & (PARTS - 1)] ?? new Map<string, T>();
  }
}
