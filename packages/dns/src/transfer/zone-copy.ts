// The content of a secondary: what it is, how long it is good for, and how it is kept.
import type { Has } from '@hawser/core';
import { StoreError } from '../errors.ts';
import type { Name } from '../name.ts';
import type { ChangeSet, Zone } from '../zone/zone.ts';
import { differenceOf } from '../zone/zone-difference.ts';
import type { Version } from './apply-increments.ts';
import type { Fetched } from './fetch-zone.ts';
import type { RefreshTimes } from './refresh-times.ts';
import type { StoredCopy } from './stored-copy.ts';

/**
 * How a copy is. `empty`: there never was one. `good`: a primary said so within the time it may take. `expired`: none did for
 * so long that nothing is answered.
 */
export type CopyState = 'empty' | 'good' | 'expired';

/** What a {@link ZoneCopy} needs. */
export interface ZoneCopyOptions {
  readonly origin: Name;
  readonly stored: StoredCopy;
  readonly times: RefreshTimes;
  /** Called when another version is served. */
  readonly changed: (changeSet: ChangeSet) => void;
}

/** The copy of one zone, while a server with it runs. */
export class ZoneCopy {
  readonly #reactor: Has<'clock' | 'reports'>;
  readonly #options: ZoneCopyOptions;
  #zone: Zone | undefined;
  /** On the clock. */
  #goodUntil = 0;

  constructor(reactor: Has<'clock' | 'reports'>, options: ZoneCopyOptions) {
    this.#reactor = reactor;
    this.#options = options;
  }

  /** What there is, good or expired: the next changes are made from it. */
  get zone(): Zone | undefined {
    return this.#zone;
  }

  get state(): CopyState {
    if (this.#zone === undefined) return 'empty';
    return this.secondsLeft > 0 ? 'good' : 'expired';
  }

  get secondsLeft(): number {
    return Math.max(0, (this.#goodUntil - this.#reactor.clock.now()) / 1_000);
  }

  /** Takes what is stored. What is no copy is forgotten. False if there is nothing. @throws StoreError */
  async load(): Promise<boolean> {
    const { origin, stored, times } = this.#options;
    const found = await stored.load();
    if (found === undefined) return false;
    if (found === 'broken') {
      const why = new Error(`Cannot use the stored copy of "${origin}": it is copied anew`);
      this.#reactor.reports.problem('dns.secondary', why);
      await stored.clear();
      return false;
    }
    this.#zone = found.zone;
    // The clock of the wall may have been set back.
    const goodMs = Math.min(times.expireSeconds(found.zone) * 1_000, found.leftMs);
    this.#goodUntil = this.#reactor.clock.now() + goodMs;
    return true;
  }

  /** Has what a primary said stored, and serves it then. @throws StoreError, and what was served still is */
  async take(fetched: Exclude<Fetched, { kind: 'older' }>): Promise<void> {
    const { stored, changed } = this.#options;
    if (fetched.kind === 'newer') {
      const { zone, changeSet } = fetched.version;
      if (await this.#commit(fetched.version)) {
        this.#zone = zone;
        this.#heard(fetched.expireSeconds);
        changed(changeSet);
      }
    }
    this.#heard(fetched.expireSeconds);
    await stored.heard(this.secondsLeft * 1_000);
  }

  /** False if it was stored already, and is served since it was found. */
  async #commit({ zone, changeSet }: Version): Promise<boolean> {
    const { stored } = this.#options;
    try {
      await stored.commit(changeSet);
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'HAWSER_STORE_CONFLICT')) throw error;
      if (await this.#find()) {
        if (this.#zone?.serial === zone.serial) return false;
        throw error;
      }
      // What was stored is gone, or was none.
      await stored.commit(await differenceOf(undefined, zone, this.#reactor));
    }
    return true;
  }

  /**
   * Takes what is stored in place of what is served: another process has the same copy, and was faster; or a change is there
   * although the store said that it failed.
   */
  async #find(): Promise<boolean> {
    const before = this.#zone;
    if (!(await this.load())) return false;
    const found = this.#zone;
    if (found !== undefined && found.serial !== before?.serial)
      this.#options.changed(await differenceOf(before, found, this.#reactor));
    return true;
  }

  /** It is good from now on as long as the zone says, or as the copy that it was made from (RFC 7314 §4). */
  #heard(expireSeconds = Number.POSITIVE_INFINITY): void {
    if (this.#zone === undefined) return;
    const seconds = Math.min(this.#options.times.expireSeconds(this.#zone), expireSeconds);
    this.#goodUntil = this.#reactor.clock.now() + seconds * 1_000;
  }
}
