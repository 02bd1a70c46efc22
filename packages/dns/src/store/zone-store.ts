import type { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet } from '../zone/zone.ts';

/** A zone that is stored. */
export interface StoredZone {
  readonly origin: Name;
  readonly serial: number;
}

/**
 * Where zones survive the process. Every method rejects with a `StoreError` and changes nothing when it does.
 */
export interface ZoneStore {
  /** The zones it holds. */
  list(): Promise<readonly StoredZone[]>;
  /** Every RRset of a zone, or undefined if it is not stored. */
  load(origin: Name): Promise<readonly RRset[] | undefined>;
  /**
   * Stores a change; when it resolves, the change survives loss of power.
   * @throws StoreError `HAWSER_STORE_CONFLICT` unless the stored serial is `changeSet.from`
   */
  commit(changeSet: ChangeSet): Promise<void>;
  /** The changes that lead from `serial` to the stored one, oldest first; undefined if they are not all kept any more. */
  journal(origin: Name, serial: number): Promise<readonly ChangeSet[] | undefined>;
  /** Finishes what was asked for and lets go of the file. */
  close(): Promise<void>;
}
