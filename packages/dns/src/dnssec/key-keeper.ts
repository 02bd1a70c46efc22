// The keys of a zone in its store: read, changed one change after the other, and what they do at the moment.
import type { Name } from '../name.ts';
import type { Bucket } from '../store/bucket.ts';
import { decodeKeyBook, encodeKeyBook, type KeyBook } from './kept-key.ts';
import { keysOf } from './key-steps.ts';
import type { ZoneKeys } from './zone-keys.ts';

/** What became of the keys. */
export interface KeyChange {
  readonly before: KeyBook;
  readonly after: KeyBook;
}

/** Keeps the keys of one zone. */
export class KeyKeeper {
  readonly #bucket: Bucket;
  readonly #id: string;
  readonly #follow: (change: KeyChange) => Promise<void>;
  #book: KeyBook = { keys: [] };
  #keys: ZoneKeys | undefined;
  /** The keys the zone still does as it is told by, as it could not follow. */
  #followed: KeyBook | undefined;
  /** Changes, one after the other. Never rejects. */
  #changing: Promise<void> = Promise.resolve();

  /** `follow` does what a change of the keys means for the zone, before the next one. */
  constructor(
    place: { readonly origin: Name; readonly bucket: Bucket },
    follow: (change: KeyChange) => Promise<void>,
  ) {
    this.#bucket = place.bucket;
    this.#id = place.origin.toString().toLowerCase();
    this.#follow = follow;
  }

  get book(): KeyBook {
    return this.#book;
  }

  /** Undefined for a zone that is not signed. */
  get keys(): ZoneKeys | undefined {
    return this.#keys;
  }

  /** Takes in what is stored. False if nothing is. @throws StoreError */
  async load(): Promise<boolean> {
    const stored = await this.#bucket.get(this.#id);
    if (stored === undefined) return false;
    this.#adopt(decodeKeyBook(stored));
    return true;
  }

  /** @throws StoreError */
  async save(book: KeyBook): Promise<void> {
    await this.#bucket.put(this.#id, encodeKeyBook(book));
    this.#adopt(book);
  }

  /**
   * Changes what is stored, in its turn: the same book again changes nothing. Resolves when the zone has followed, and lets it
   * try again if it could not before.
   * @throws StoreError, and whatever `decide` throws
   */
  change(decide: (book: KeyBook) => KeyBook): Promise<void> {
    const changed = this.#changing.then(() => this.#change(decide));
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  /** Resolves when no change is on its way. */
  idle(): Promise<void> {
    return this.#changing;
  }

  async #change(decide: (book: KeyBook) => KeyBook): Promise<void> {
    // Another process may have changed them.
    await this.load();
    const before = this.#book;
    const after = decide(before);
    if (after !== before) {
      await this.save(after);
      this.#followed ??= before;
    }
    if (this.#followed === undefined) return;
    await this.#follow({ before: this.#followed, after });
    this.#followed = undefined;
  }

  #adopt(book: KeyBook): void {
    this.#book = book;
    this.#keys = keysOf(book);
  }
}
