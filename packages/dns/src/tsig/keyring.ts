import type { Name } from '../name.ts';
import type { TsigKey } from './key.ts';

/** Keys by name. May be changed while servers use it: the next message sees the change. */
export class Keyring {
  #keys: ReadonlyMap<string, TsigKey>;

  /** Of several keys with one name the last counts. */
  constructor(keys: Iterable<TsigKey> = []) {
    this.#keys = byName(keys);
  }

  get size(): number {
    return this.#keys.size;
  }

  /** The key called `name`; a text is a {@link Name.key}. */
  get(name: Name | string): TsigKey | undefined {
    return this.#keys.get(typeof name === 'string' ? name : name.key);
  }

  /** Adds `key`, in place of the one with its name. */
  add(key: TsigKey): void {
    this.#keys = byName([...this.#keys.values(), key]);
  }

  /** False if there was none. */
  remove(name: Name): boolean {
    const keys = new Map(this.#keys);
    const removed = keys.delete(name.key);
    this.#keys = keys;
    return removed;
  }

  /** Has `keys` and no others from now on. */
  replace(keys: Iterable<TsigKey>): void {
    this.#keys = byName(keys);
  }

  [Symbol.iterator](): IterableIterator<TsigKey> {
    return this.#keys.values();
  }
}

function byName(keys: Iterable<TsigKey>): Map<string, TsigKey> {
  return new Map([...keys].map((key) => [key.name.key, key]));
}
