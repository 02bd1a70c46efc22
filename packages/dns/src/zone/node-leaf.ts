// Some names of a zone, in the order of their hashes: three arrays take less memory than a map, are copied faster, and need no
// second hash of each name.
import type { NodeValue } from './zone-node.ts';

/** Names by number, no two alike. */
export interface NumberedNames {
  readonly size: number;
  keyAt(number: number): string;
  /** `hashOf` of the key. */
  hashAt(number: number): number;
  valueAt(number: number): NodeValue;
}

/** Node values by {@link Name.key} and its hash. Whoever made it may change it. */
export class NodeLeaf {
  readonly #hashes: number[];
  readonly #keys: string[];
  readonly #values: NodeValue[];

  constructor(hashes: number[] = [], keys: string[] = [], values: NodeValue[] = []) {
    this.#hashes = hashes;
    this.#keys = keys;
    this.#values = values;
  }

  get size(): number {
    return this.#hashes.length;
  }

  copy(): NodeLeaf {
    return new NodeLeaf(this.#hashes.slice(), this.#keys.slice(), this.#values.slice());
  }

  get(hash: number, key: string): NodeValue | undefined {
    const at = this.#find(hash, key);
    return at < 0 ? undefined : this.#values[at];
  }

  set(hash: number, key: string, value: NodeValue): void {
    const at = this.#find(hash, key);
    if (at >= 0) {
      this.#values[at] = value;
      return;
    }
    this.#hashes.splice(-1 - at, 0, hash);
    this.#keys.splice(-1 - at, 0, key);
    this.#values.splice(-1 - at, 0, value);
  }

  delete(hash: number, key: string): void {
    const at = this.#find(hash, key);
    if (at < 0) return;
    this.#hashes.splice(at, 1);
    this.#keys.splice(at, 1);
    this.#values.splice(at, 1);
  }

  *entries(): Generator<[string, NodeValue], void, undefined> {
    for (const [at, key] of this.#keys.entries()) {
      const value = this.#values[at];
      if (value !== undefined) yield [key, value];
    }
  }

  /** Where a name is; if it is not there -1 less where it would be. */
  #find(hash: number, key: string): number {
    const hashes = this.#hashes;
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((hashes[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    for (; hashes[low] === hash; low++) if (this.#keys[low] === key) return low;
    return -1 - low;
  }
}

/** Makes leaves of numbered names, in memory that it uses for each. */
export class LeafMaker {
  readonly #names: NumberedNames;
  readonly #hashes: number[] = [];
  readonly #keys: string[] = [];
  readonly #values: NodeValue[] = [];

  constructor(names: NumberedNames) {
    this.#names = names;
  }

  /** A leaf of names that are given by hash and number, two by two. Sorts them by their hashes. */
  leafOf(given: Int32Array): NodeLeaf {
    const length = given.length / 2;
    for (let at = 0; at < length; at++) {
      const hash = given[2 * at] ?? 0;
      const number = given[2 * at + 1] ?? 0;
      let to = at;
      for (; to > 0 && (given[2 * to - 2] ?? 0) > hash; to--) {
        given[2 * to] = given[2 * to - 2] ?? 0;
        given[2 * to + 1] = given[2 * to - 1] ?? 0;
      }
      given[2 * to] = hash;
      given[2 * to + 1] = number;
    }
    for (let at = 0; at < length; at++) {
      const number = given[2 * at + 1] ?? 0;
      this.#hashes[at] = given[2 * at] ?? 0;
      this.#keys[at] = this.#names.keyAt(number);
      this.#values[at] = this.#names.valueAt(number);
    }
    return new NodeLeaf(
      this.#hashes.slice(0, length),
      this.#keys.slice(0, length),
      this.#values.slice(0, length),
    );
  }
}
