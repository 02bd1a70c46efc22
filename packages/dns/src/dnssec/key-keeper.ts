// The keys of a zone in its store: read, changed one change after the other, and what they do at the moment.
import { StoreError } from '../errors.ts';
import type { Name } from '../name.ts';
import type { Bucket } from '../store/bucket.ts';
import { decodeKeyBook, encodeKeyBook, type KeyBook } from './kept-key.ts';
import { keysOf, type ZoneKeys } from './zone-keys.ts';

/** What became of the keys. */
export interface KeyChange {
  readonly before: KeyBook;
  readonly after: KeyBook;
}

/** Where keys are kept. */
export interface KeyPlace {
  readonly origin: Name;
  readonly bucket: Bucket;
  /** `clock.now()`. */
  readonly now: () => number;
}

/** Times another process may be faster. */
const MAX_ATTEMPTS = 10;

/** Keeps the keys of one zone, perhaps together with other processes: each change is made of what is stored then. */
export class KeyKeeper {
  readonly #place: KeyPlace;
  readonly #id: string;
  readonly #follow: (change: KeyChange) => Promise<void>;
  #book: KeyBook = { keys: [] };
  #keys: ZoneKeys | undefined;
  /** What {@link #book} was read from, or written as. */
  #stored: Buffer | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  /** The keys the zone still does as it is told by, as it could not follow. */
  #followed: KeyBook | undefined;
  /** Changes, one after the other. Never rejects. */
  #changing: Promise<void> = Promise.resolve();

  /** `follow` does what a change of the keys means for the zone, before the next one. */
  constructor(place: KeyPlace, follow: (change: KeyChange) => Promise<void>) {
    this.#place = place;
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

  /** Takes in what is stored, or stores what `make` gives if nothing is. @throws StoreError, and whatever `make` throws */
  async open(make: () => KeyBook): Promise<void> {
    if (await this.refresh()) return;
    // Another process may make others at the same time.
    if (!(await this.#replace(make()))) await this.refresh();
  }

  /**
   * Takes in what is stored, unless that was done at most `maxAgeMs` ago. False if nothing is stored.
   * @throws StoreError
   */
  async refresh(maxAgeMs: number = Number.NEGATIVE_INFINITY): Promise<boolean> {
    const now = this.#place.now();
    if (now - this.#readAt <= maxAgeMs) return true;
    const stored = await this.#place.bucket.get(this.#id);
    if (stored !== undefined && this.#stored?.equals(stored) !== true)
      this.#adopt(decodeKeyBook(stored), stored);
    this.#stored = stored;
    this.#readAt = now;
    return stored !== undefined;
  }

  /**
   * Changes what is stored, in its turn: the same book again changes nothing. `decide` is asked again if somebody else was faster.
   * Resolves when the zone has followed, and lets it try again if it could not before.
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
    let before: KeyBook;
    let after: KeyBook;
    let attempts = 0;
    do {
      if (attempts++ === MAX_ATTEMPTS)
        throw new StoreError(
          'HAWSER_STORE_CONFLICT',
          `Cannot change the keys of "${this.#place.origin}" as others change them all the time`,
        );
      // oxlint-disable-next-line no-await-in-loop -- what somebody else stored comes first
      await this.refresh();
      before = this.#book;
      after = decide(before);
      // oxlint-disable-next-line no-await-in-loop -- once, unless somebody else was faster
    } while (after !== before && !(await this.#replace(after)));
    if (after !== before) this.#followed ??= before;
    if (this.#followed === undefined) return;
    await this.#follow({ before: this.#followed, after });
    this.#followed = undefined;
  }

  /** Stores `book`. False if something else was stored meanwhile. */
  async #replace(book: KeyBook): Promise<boolean> {
    const to = encodeKeyBook(book);
    const replaced = await this.#place.bucket.replace(this.#id, { from: this.#stored, to });
    if (replaced) this.#adopt(book, to);
    return replaced;
  }

  #adopt(book: KeyBook, stored: Buffer): void {
    this.#book = book;
    this.#stored = stored;
    this.#keys = keysOf(book);
  }
}
