// What a secondary keeps over a restart: the copy, and how long it is good for.
import { type Clock, UsageError } from '@hawser/core';
import { StoreError } from '../errors.ts';
import { turnsOf } from '../in-turns.ts';
import type { Name } from '../name.ts';
import { zoneFromStore } from '../store/stored-zone.ts';
import type { JournalLimits, StoredContent, ZoneStore } from '../store/zone-store.ts';
import type { ChangeSet, Zone } from '../zone/zone.ts';

/** Where the times are. */
const BUCKET = 'secondaries';

/** A copy as it was found. */
export interface FoundCopy {
  readonly zone: Zone;
  /** Milliseconds it is still good for, by the clock of the wall; 0 if that is not known. */
  readonly leftMs: number;
}

/** What is kept, and how much of its past. */
export interface StoredCopyOptions {
  readonly origin: Name;
  readonly clock: Clock;
  readonly journal: JournalLimits | undefined;
}

/** The copy of one zone in a store. */
export class StoredCopy {
  readonly #store: ZoneStore;
  readonly #origin: Name;
  readonly #clock: Clock;
  readonly #journal: JournalLimits | undefined;

  constructor(store: ZoneStore, options: StoredCopyOptions) {
    const { origin, clock, journal } = options;
    this.#store = store;
    this.#origin = origin;
    this.#clock = clock;
    this.#journal = journal;
  }

  /** What is stored, if anything is; `broken` if it is no zone, or not what a primary said. @throws StoreError */
  async load(): Promise<FoundCopy | 'broken' | undefined> {
    const content = await this.#store.load(this.#origin);
    if (content === undefined) return undefined;
    // Changes of the primary would never undo what somebody else wrote.
    const zone = content.edits === 0 ? await this.#zoneOf(content) : undefined;
    if (zone === undefined) return 'broken';
    const value = await this.#store.bucket(BUCKET).get(this.#key);
    // Of a copy that was stored when the process ended nobody knows how old it was.
    const goodUntil = value?.length === 8 ? value.readDoubleBE() : 0;
    return { zone, leftMs: Math.max(0, goodUntil - this.#clock.epoch()) };
  }

  /** Stores a change. @throws StoreError */
  async commit(changeSet: ChangeSet): Promise<void> {
    await this.#store.commit(changeSet, { journal: this.#journal });
  }

  /** Remembers that the copy is good for so many milliseconds from now on. @throws StoreError */
  async heard(leftMs: number): Promise<void> {
    const value = Buffer.alloc(8);
    value.writeDoubleBE(this.#clock.epoch() + leftMs);
    await this.#store.bucket(BUCKET).put(this.#key, value);
  }

  /** The changes since `serial`. */
  journal(serial: number): Promise<readonly ChangeSet[] | undefined> {
    return this.#store.journal(this.#origin, serial);
  }

  /** Forgets everything: what is stored is no copy. @throws StoreError */
  async clear(): Promise<void> {
    await this.#store.delete(this.#origin);
    await this.#store.bucket(BUCKET).delete(this.#key);
  }

  /** Undefined for what is no zone. */
  async #zoneOf({ pages }: StoredContent): Promise<Zone | undefined> {
    const gathered = { origin: this.#origin, pages };
    try {
      return await zoneFromStore(gathered, { inTurns: turnsOf({ clock: this.#clock }) });
    } catch (error) {
      if (error instanceof StoreError && error.cause instanceof UsageError) return undefined;
      throw error;
    }
  }

  /** Octets in hexadecimal, as the text of a name may be longer than a key. */
  get #key(): string {
    return Buffer.from(this.#origin.key, 'latin1').toString('hex');
  }
}
