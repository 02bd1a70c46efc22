// The names of a zone in the making, numbered as they come. Where to find one is kept in some arrays of numbers: a map of a million
// strings looks at five places of memory for each, and everything waits for a second when it grows.

import { IntRows, LongList } from './long-list.ts';
import { hashOf } from './name-hash.ts';

/** A power of two. Each part grows by itself: of a million names one has some ten thousand, and is moved in 0.2 ms. */
const PART_BITS = 6;
const PARTS = 1 << PART_BITS;
const FIRST_SLOTS = 16;
/** Slots that are looked at for one name. Those that were chosen to have the same hash would be looked through all together. */
const MAX_PROBES = 64;

/** Some of the names: twice as many slots as names, of two numbers each, the hash of a name and its own number plus one. */
interface Part {
  slots: Int32Array;
  count: number;
}

/** Numbers by {@link Name.key}, from 0, and back. */
export class NameTable {
  readonly #parts: readonly Part[] = Array.from({ length: PARTS }, () => ({
    slots: new Int32Array(2 * FIRST_SLOTS),
    count: 0,
  }));
  /** Names that were not found within {@link MAX_PROBES}: hardly any, unless somebody means it. */
  readonly #crowded = new Map<string, number>();
  readonly #keys = new LongList<string>();
  readonly #hashes = new IntRows(1);

  get size(): number {
    return this.#keys.length;
  }

  keyAt(number: number): string {
    return this.#keys.at(number) ?? '';
  }

  /** The `hashOf` of a name. */
  hashAt(number: number): number {
    return this.#hashes.get(number, 0);
  }

  /** The number of a name, or -1. */
  find(key: string): number {
    const hash = hashOf(key);
    const { slots } = this.#partOf(hash);
    const slot = this.#slotOf(slots, hash, key);
    const number = slot < 0 ? 0 : (slots[slot + 1] ?? 0);
    if (number > 0) return number - 1;
    return this.#crowded.size > 0 ? (this.#crowded.get(key) ?? -1) : -1;
  }

  /** The number of a name, which is added if it is not there: it has the highest one then. */
  place(key: string): number {
    const hash = hashOf(key);
    const part = this.#partOf(hash);
    let slot = this.#slotOf(part.slots, hash, key);
    const known = slot < 0 ? 0 : (part.slots[slot + 1] ?? 0);
    if (known > 0) return known - 1;
    if (this.#crowded.size > 0) {
      const number = this.#crowded.get(key);
      if (number !== undefined) return number;
    }
    const number = this.#keys.push(key);
    this.#hashes.set(this.#hashes.push(), 0, hash);
    if (slot >= 0 && 4 * ++part.count > part.slots.length) {
      this.#grow(part);
      slot = this.#slotOf(part.slots, hash, key);
    }
    if (slot < 0) this.#crowded.set(key, number);
    else {
      part.slots[slot] = hash;
      part.slots[slot + 1] = number + 1;
    }
    return number;
  }

  #partOf(hash: number): Part {
    return this.#parts[hash & (PARTS - 1)] as Part;
  }

  /** Where a name is, or would be; -1 if there is no place for it. */
  #slotOf(slots: Int32Array, hash: number, key: string): number {
    const mask = slots.length - 1;
    let slot = (hash >>> PART_BITS) << 1;
    for (let left = MAX_PROBES; left > 0; left--) {
      slot &= mask;
      const number = slots[slot + 1] ?? 0;
      if (number === 0) return slot;
      if (slots[slot] === hash && this.#keys.at(number - 1) === key) return slot;
      slot += 2;
    }
    return -1;
  }

  #grow(part: Part): void {
    const { slots } = part;
    const larger = new Int32Array(2 * slots.length);
    const mask = larger.length - 1;
    for (let from = 0; from < slots.length; from += 2) {
      const number = slots[from + 1] ?? 0;
      if (number === 0) continue;
      const hash = slots[from] ?? 0;
      let to = ((hash >>> PART_BITS) << 1) & mask;
      let left = MAX_PROBES;
      while (larger[to + 1] !== 0 && --left > 0) to = (to + 2) & mask;
      if (left === 0) {
        this.#crowded.set(this.keyAt(number - 1), number - 1);
        continue;
      }
      larger[to] = hash;
      larger[to + 1] = number;
    }
    part.slots = larger;
  }
}
