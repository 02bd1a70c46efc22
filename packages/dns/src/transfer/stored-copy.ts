// What a secondary keeps over a restart: the copy, and when a primary last said that it is the newest.
import { type Clock, UsageError } from '@hawser/core';
import type { Name } from '../name.ts';
import type { JournalLimits, ZoneStore } from '../store/zone-store.ts';
import type { RRset } from '../zone/rrset.ts';
import { type ChangeSet, Zone } from '../zone/zone.ts';

/** Where the times are. */
const BUCKET = 'secondaries';

/** A copy as it was found. */
export interface FoundCopy {
  readonly zone: Zone;
  /** Milliseconds since a primary was heard; 0 if that is not known. */
  readonly ageMs: number;
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
    const zone = content.edits === 0 ? zoneOf(this.#origin, content.rrsets) : undefined;
    if (zone === undefined) return 'broken';
    const value = await this.#store.bucket(BUCKET).get(this.#key);
    const heardAt = value?.length === 8 ? value.readDoubleBE() : this.#clock.epoch();
    // The clock of the wall may have been set back.
    return { zone, ageMs: Math.max(0, this.#clock.epoch() - heardAt) };
  }

  /** Stores a change. @throws StoreError */
  async commit(changeSet: ChangeSet): Promise<void> {
    await this.#store.commit(changeSet, { journal: this.#journal });
  }

  /** Remembers that a primary was heard now. @throws StoreError */
  async heard(): Promise<void> {
    const value = Buffer.alloc(8);
    value.writeDoubleBE(this.#clock.epoch());
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

  /** Octets in hexadecimal, as the text of a name may be longer than a key. */
  get #key(): string {
    return Buffer.from(this.#origin.key, 'latin1').toString('hex');
  }
}

function zoneOf(origin: Name, rrsets: Iterable<RRset>): Zone | undefined {
  try {
    return Zone.of(origin, rrsets);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
