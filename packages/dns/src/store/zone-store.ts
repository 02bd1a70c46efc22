// Where zones survive the process.
import type { Has } from '@hawser/core';
import type { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet } from '../zone/zone.ts';
import type { Bucket } from './bucket.ts';

/** A zone that is stored. */
export interface StoredZone {
  readonly origin: Name;
  /** Of the last change that was stored. */
  readonly serial: number;
  /** 0 when it is made, one more for each {@link ZoneStore.commit} then, also where the serial stays. */
  readonly revision: number;
  /**
   * How often records were changed since by something else than {@link ZoneStore.commit}, such as a person with a database
   * tool. 0 in a store that nobody else can write.
   */
  readonly edits: number;
}

/** When a record goes by itself. */
export interface Lease {
  readonly name: Name;
  readonly type: number;
  /** RDATA of the record in wire form. */
  readonly rdata: Uint8Array;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** A lease to keep, or with `expires` undefined to forget. */
export type StoredLeaseChange = Omit<Lease, 'expires'> & { readonly expires: number | undefined };

/** What a zone holds, all of one moment. */
export interface StoredContent extends StoredZone {
  /**
   * The RRsets, some thousand at a time. To be walked once, and to the end or with `return()`: a store may let changes wait
   * meanwhile. Throws `StoreError`, also `HAWSER_STORE_CONFLICT` if the zone changed before the first page was asked for.
   */
  readonly pages: AsyncIterable<readonly RRset[]>;
  readonly leases: readonly Lease[];
}

/** How much of the past is kept for those who have an older copy. The oldest changes go first. */
export interface JournalLimits {
  /** 0 forgets everything, the change itself included. @defaultValue 1000 */
  readonly maxChanges?: number | undefined;
  /** As they are stored. @defaultValue 16 MiB */
  readonly maxBytes?: number | undefined;
}

/** What is stored along with a change. */
export interface CommitOptions {
  readonly leases?: readonly StoredLeaseChange[] | undefined;
  readonly journal?: JournalLimits | undefined;
  /** {@link StoredZone.revision} the change was made from, where more than the serial matters. */
  readonly revision?: number | undefined;
  /** How many of {@link StoredZone.edits} the change takes in, after which there are none. @defaultValue 0 */
  readonly edits?: number | undefined;
}

/** Told that somebody else changed a zone, made it or deleted it. May come once too often. */
export type StoreListener = (origin: Name) => void;

/**
 * Keeps zones, how they came to be what they are, and a few small things beside them. Every method rejects with a
 * `StoreError` and changes nothing when it does; after anything but a conflict the next call tries again from the start.
 */
export interface ZoneStore {
  /** The zones it holds. */
  list(): Promise<readonly StoredZone[]>;
  /** What it has of one zone, without the content; undefined if it is not stored. */
  find(origin: Name): Promise<StoredZone | undefined>;
  /** The content of a zone, or undefined if it is not stored. */
  load(origin: Name): Promise<StoredContent | undefined>;
  /** The leases of a zone; none if it is not stored. */
  leases(origin: Name): Promise<readonly Lease[]>;
  /**
   * Stores a change, all of it or nothing; when it resolves, the change survives loss of power. A change whose `from`
   * and `to` are equal and which changes no RRset may come with leases; it leaves the journal alone.
   * @throws StoreError `HAWSER_STORE_CONFLICT` unless the stored serial is `changeSet.from`, the revision is that of the
   * options, if they have one, and there are no other edits than they name
   */
  commit(changeSet: ChangeSet, options?: CommitOptions): Promise<void>;
  /** The changes that lead from `serial` to the stored one, oldest first; undefined if they are not all kept any more. */
  journal(origin: Name, serial: number): Promise<readonly ChangeSet[] | undefined>;
  /** Forgets a zone, its journal and its leases. False if it was not stored. */
  delete(origin: Name): Promise<boolean>;
  /**
   * Calls `listener` when somebody else changed a zone: another process, a person. Disposing stops it. What cannot be
   * watched any more is reported, and tried again.
   */
  watch(reactor: Has<'clock' | 'random' | 'reports'>, listener: StoreListener): Disposable;
  /**
   * A place of its own for small values that are no zones: keys, accounts, counters. The same name is the same place, in
   * every process with this store.
   * @throws UsageError `HAWSER_DNS_OPTIONS` for a name that is not 1 to 64 of `a-z 0-9 - _ .`
   */
  bucket(name: string): Bucket;
  /** Finishes what was asked for and lets go of the file or connection. */
  close(): Promise<void>;
}
