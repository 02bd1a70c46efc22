// A zone that changes while it is served. A change is visible when it is stored, and not before.
import type { Has, Reactor } from '@hawser/core';
import type { Outcome } from '../contract/answer.ts';
import type { Decided, Deciding, Decision, LiveZone } from '../contract/live-zone.ts';
import type { DnsQuery } from '../contract/query.ts';
import type { ZoneAttendant } from '../contract/zone-attendant.ts';
import { usageError } from '../errors.ts';
import { answerZone } from '../handlers/answer-zone.ts';
import { turnsOf } from '../in-turns.ts';
import type { Name } from '../name.ts';
import { parseType } from '../numbers.ts';
import type { HostRecords, RecordValue } from '../rdata/value.ts';
import { nameIn } from '../zone/name-in.ts';
import type { ChangeSet, Zone } from '../zone/zone.ts';
import { LeaseSweeper } from './lease-sweeper.ts';
import type { ChangeRules } from './prepare-change.ts';
import {
  decisionOn,
  deletableAt,
  leaseEnd,
  ownTypesAt,
  type RecordEdit,
  raisingSerial,
} from './record-edits.ts';
import { type ListOptions, listLeases, listRecords, recordsAt, valuesAt } from './record-views.ts';
import { StoreRecheck } from './store-recheck.ts';
import {
  describeChange,
  type LeaseListing,
  type RecordListing,
  type ZoneChange,
} from './zone-change.ts';
import type { ZoneStore } from './zone-store.ts';
import { ZoneWriter, type ZoneWriterStart } from './zone-writer.ts';

/** What a {@link DynamicZone} is made of. */
export interface DynamicZoneStart
  extends Omit<ZoneWriterStart, 'changed' | 'leased' | 'failed' | 'rules' | 'turns'> {
  readonly rules: Omit<ChangeRules, 'epochMs'>;
  /** TTL of records set without one, in seconds. */
  readonly ttl: number;
  /** Whose time counts until the zone is served. */
  readonly reactor: Has<'clock'>;
  /** They hear when the zone is served. */
  readonly attendants: readonly ZoneAttendant[];
}

/** A zone with a store behind it. Made by {@link dynamicZone}. */
export class DynamicZone implements LiveZone {
  readonly origin: Name;
  readonly #store: ZoneStore;
  readonly #ttl: number;
  readonly #writer: ZoneWriter;
  readonly #attendants: readonly ZoneAttendant[];
  readonly #listeners = new Set<(changeSet: ChangeSet) => void>();
  #users = 0;
  #clock: Reactor['clock'];
  #reports: Reactor['reports'] | undefined;
  #sweeper: LeaseSweeper | undefined;
  #recheck: StoreRecheck | undefined;
  #watch: Disposable | undefined;

  constructor({ ttl, reactor, rules, attendants, ...start }: DynamicZoneStart) {
    this.origin = start.zone.origin;
    this.#store = start.store;
    this.#ttl = ttl;
    this.#clock = reactor.clock;
    this.#attendants = attendants;
    this.#writer = new ZoneWriter({
      ...start,
      rules: { ...rules, epochMs: () => this.#clock.epoch() },
      turns: () => turnsOf({ clock: this.#clock }),
      changed: (changeSet) => this.#tell(changeSet),
      leased: () => this.#sweeper?.leasesChanged(),
      failed: () => this.#recheck?.failed(),
    });
  }

  get snapshot(): Zone {
    return this.#writer.zone;
  }

  /** Bumped by every change. */
  get serial(): number {
    return this.snapshot.serial;
  }

  /**
   * What a name holds, or its values of one type; `undefined` if there is none. Names may be relative to the zone or whole. What
   * the signer of the zone maintains is given by type alone.
   * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER`, `HAWSER_DNS_OUT_OF_ZONE`
   */
  get(name: string): HostRecords | undefined;
  get(name: string, type: string): RecordValue[] | undefined;
  get(name: string, type?: string): HostRecords | RecordValue[] | undefined {
    const owner = this.nameOf(name);
    return type === undefined
      ? recordsAt(this.snapshot, owner)
      : valuesAt(this.snapshot, owner, parseType(type));
  }

  /**
   * Every record, sorted by name; of a signed zone those of its user alone, unless `signer` asks for signatures, denials and
   * keys too. Of a million it takes seconds, in which nothing else happens.
   */
  list(options: ListOptions = {}): RecordListing[] {
    return listRecords(this.snapshot, options);
  }

  /** Records that go by themselves, of one name or of all, the first to go first. Throws as {@link get}. */
  leases(name?: string): LeaseListing[] {
    return listLeases(
      this.#writer.leases.all(),
      name === undefined ? undefined : this.nameOf(name),
    );
  }

  /**
   * Makes `values` all that the name holds of this type. False if they were so already, whatever becomes of their lease.
   * Rejects as {@link change}.
   */
  async set(
    name: string,
    type: string,
    values: RecordValue | readonly RecordValue[],
    options: Pick<RecordEdit, 'ttl' | 'leaseSeconds'> = {},
  ): Promise<boolean> {
    const decision = this.#decisionOn([{ name, type, values, ...options }]);
    return (await this.transact(() => decision)).changeSet !== undefined;
  }

  /** Deletes what the name holds of this type, or everything. False if there was nothing. Rejects as {@link change}. */
  async delete(name: string, type?: string): Promise<boolean> {
    const owner = this.nameOf(name);
    const only = type === undefined ? undefined : parseType(type);
    const { changeSet } = await this.transact((zone) => {
      const held = only === undefined ? deletableAt(zone, owner) : [only];
      const edits = held.map((each) => ({ name: owner, type: each, rrset: undefined }));
      return { edits, result: undefined };
    });
    return changeSet !== undefined;
  }

  /**
   * Lets the records of a name, or those of one type, go in `leaseSeconds` seconds from now, or never if that is undefined.
   * False if there is none. Rejects as {@link change}.
   */
  async renew(
    name: string,
    options: { readonly type?: string | undefined; readonly leaseSeconds: number | undefined },
  ): Promise<boolean> {
    const owner = this.nameOf(name);
    const only = options.type === undefined ? undefined : parseType(options.type);
    const expires = leaseEnd(options.leaseSeconds, this.#clock.epoch());
    const { result } = await this.transact((zone) => {
      const types = ownTypesAt(zone, owner).filter((type) => only === undefined || type === only);
      const leases = types.map((type) => ({ name: owner, type, expires }));
      return { edits: [], leases, result: leases.length > 0 };
    });
    return result;
  }

  /**
   * Makes all `edits` or none, and resolves once they are stored and served: with what changed, or `undefined` if no record
   * did. A lease that changes is stored all the same.
   * @throws StoreError if the store fails: what was served before still is, and if the change turns out to be stored all the same,
   * as the connection was lost too late, it is served once the store answers again. UsageError `HAWSER_DNS_NAME`,
   * `HAWSER_DNS_NUMBER`, `HAWSER_DNS_RDATA`, `HAWSER_DNS_OUT_OF_ZONE`, `HAWSER_DNS_ZONE` for a wish that cannot be granted
   */
  async change(edits: readonly RecordEdit[]): Promise<ZoneChange | undefined> {
    const decision = this.#decisionOn(edits);
    const { changeSet } = await this.transact(() => decision);
    return changeSet && describeChange(changeSet);
  }

  /**
   * Lets the zone go on with `serial`, and forgets its journal: each secondary copies the whole zone. For a store that was
   * restored from a backup, as secondaries may have seen its next serials already, with other content: give one that none of
   * them can have seen.
   * @throws UsageError `HAWSER_DNS_OPTIONS` for a serial that is not after the present one (RFC 1982); StoreError
   */
  async raiseSerial(serial: number): Promise<void> {
    const decide = (zone: Zone): Decision<undefined> => raisingSerial(zone, serial);
    await this.#writer.transact(decide, { forgetJournal: true });
  }

  transact<T>(decide: (zone: Zone) => Deciding<T>): Promise<Decided<T>> {
    return this.#writer.transact((zone) => decide(zone));
  }

  async journal(serial: number): Promise<readonly ChangeSet[] | undefined> {
    // The store may be ahead of what is served by the time it answers.
    const served = this.serial;
    if (serial === served) return [];
    const changeSets = await this.#store.journal(this.origin, serial);
    const last = changeSets?.findLastIndex(({ to }) => to === served) ?? -1;
    return last < 0 ? undefined : changeSets?.slice(0, last + 1);
  }

  onChange(listener: (changeSet: ChangeSet) => void): Disposable {
    // Twice the same function is two subscriptions.
    const entry = (changeSet: ChangeSet): void => listener(changeSet);
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Calls `listener` after each change, when it is served. Disposing stops it. */
  on(event: 'changed', listener: (change: ZoneChange) => void): Disposable {
    if (event !== 'changed')
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot listen to "${String(event)}"`);
    return this.onChange((changeSet) => listener(describeChange(changeSet)));
  }

  /**
   * Asks the store whether somebody else changed the zone, and takes that in. A zone that is served does so by itself.
   * @throws StoreError
   */
  refresh(): Promise<void> {
    return this.#writer.look();
  }

  started(reactor: Has<'clock' | 'random' | 'reports'>): void {
    this.#users += 1;
    if (this.#users > 1) return;
    this.#clock = reactor.clock;
    this.#reports = reactor.reports;
    this.#sweeper = new LeaseSweeper(this.#writer, reactor);
    this.#recheck = new StoreRecheck(this.#writer, reactor);
    this.#watch = this.#store.watch(reactor, (origin) => {
      if (!origin.equals(this.origin)) return;
      this.#writer.look().catch((error: unknown) => {
        reactor.reports.problem('dns.zone.store', error);
      });
    });
    for (const attendant of this.#attendants) attendant.started(reactor);
  }

  async stopped(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#sweeper?.[Symbol.dispose]();
    this.#recheck?.[Symbol.dispose]();
    this.#watch?.[Symbol.dispose]();
    this.#sweeper = undefined;
    this.#recheck = undefined;
    this.#watch = undefined;
    await Promise.all(this.#attendants.map(async (attendant) => attendant.stopped()));
    await this.#writer.idle();
  }

  handle(query: DnsQuery): Outcome {
    return answerZone(this.snapshot, query);
  }

  /**
   * The name that `text` means here: whole if it is in the zone or ends with a dot, else relative to the zone.
   * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_OUT_OF_ZONE`
   */
  nameOf(text: string): Name {
    return nameIn(this.origin, text);
  }

  #decisionOn(wishes: readonly RecordEdit[]): Decision<undefined> {
    return decisionOn(wishes, { origin: this.origin, ttl: this.#ttl, now: this.#clock.epoch() });
  }

  /** A listener that throws must not undo what is stored, nor keep others from hearing of it. */
  #tell(changeSet: ChangeSet): void {
    for (const listener of this.#listeners) {
      try {
        listener(changeSet);
      } catch (error) {
        if (this.#reports === undefined)
          queueMicrotask(() => {
            throw error;
          });
        else this.#reports.problem('dns.zone.changed', error);
      }
    }
  }
}
