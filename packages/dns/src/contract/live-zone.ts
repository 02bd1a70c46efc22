// Zones that change while they are served.
import type { Name } from '../name.ts';
import type { ChangeSet, Edit, RRsetChange, Zone } from '../zone/zone.ts';
import type { Authority } from './handler.ts';

/** A zone of which somebody may have a copy: our own, or a secondary's. */
export interface TransferableZone extends Authority {
  /** The content at this moment, immutable; undefined before a secondary has any, or when what it has expired. */
  readonly snapshot: Zone | undefined;
  /** Seconds until a copy expires; undefined for what does not, as it is the original (RFC 7314). */
  readonly expiresInSeconds?: number | undefined;
  /** The changes from `serial` to the content served now, oldest first; undefined if they are not all kept any more. */
  journal(serial: number): Promise<readonly ChangeSet[] | undefined>;
  /** Calls `listener` after each change, when it is served. Disposing stops it. */
  onChange(listener: (changeSet: ChangeSet) => void): Disposable;
}

/** How long records stay unless somebody renews that (RFC 9664). */
export interface LeaseEdit {
  readonly name: Name;
  readonly type: number;
  /** RDATA in wire form of the one record meant; undefined: every record of that name and type. */
  readonly rdata?: Uint8Array | undefined;
  /** Milliseconds since 1970, of `clock.epoch()`; undefined: for good. */
  readonly expires: number | undefined;
}

/** What is to be done with a zone. */
export interface Decision<T> {
  /** None: the serial stays. */
  readonly edits: readonly Edit[];
  /**
   * Made after the edits, and stored with them. A record that stays keeps its lease unless this says otherwise; the lease
   * of a record that goes, or is replaced by another, goes with it.
   */
  readonly leases?: readonly LeaseEdit[] | undefined;
  readonly result: T;
}

/**
 * A decision, or the steps to it, which let others have their turn: a step that yields a number counts as so many. The zone
 * stays as it is meanwhile.
 */
export type Deciding<T> = Decision<T> | Generator<number | void, Decision<T>, void>;

/** What was done. */
export interface Decided<T> {
  readonly result: T;
  /**
   * What the edits themselves changed, not what hooks added nor what was stored along; undefined if that was nothing. `from` and
   * `to` are those of all that was stored together: the same where another one has undone everything.
   */
  readonly changeSet: ChangeSet | undefined;
}

/** A zone whose content is ours to change. */
export interface LiveZone extends TransferableZone {
  readonly snapshot: Zone;
  /**
   * Decides on the newest content and changes it: one at a time, in the order of the calls, all edits or none. `decide` waits
   * for nothing and sees what earlier calls will have stored, but for the serial, which is chosen once for all that are
   * stored together. It is asked again if another process changed the zone meanwhile. Resolves when the change is durable
   * and served.
   * @throws whatever `decide` throws, then nothing changes. StoreError if the store fails: what was served still is
   */
  transact<T>(decide: (zone: Zone) => Deciding<T>): Promise<Decided<T>>;
}

/**
 * Takes long work to its end and lets others have their turn: a step takes some microseconds, and one that yields a number counts
 * as so many. What the steps throw is thrown, or rejects.
 */
export type InTurns = <T>(steps: Iterator<unknown, T, void>) => T | Promise<T>;

/**
 * Adds what belongs to a change before it is stored, such as signatures. Part of the same change: stored, journaled and
 * served with it. `before` is undefined for a zone that is made, or one of which nobody knows what it was; `changes` lead from
 * `before` to `after`, and count only if there is one. What takes milliseconds is for `inTurns`: no other change of the zone is
 * made meanwhile, but everything outside of it may change.
 * @throws to refuse the change
 */
export type CommitHook = (
  before: Zone | undefined,
  after: Zone,
  changes: readonly RRsetChange[],
  inTurns: InTurns,
) => readonly Edit[] | PromiseLike<readonly Edit[]>;
