// A zone that changes while it is served. A change is visible when it is stored, and not before.
import type { Has } from '@hawser/core';
import { StoreError, usageError } from '../errors.ts';
import { Name } from '../name.ts';
import { formatType, parseType, Type } from '../numbers.ts';
import type { HostRecords, RecordValue } from '../rdata/value.ts';
import type { Outcome } from '../contract/answer.ts';
import type { Authority } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { answerZone } from '../handlers/answer-zone.ts';
import { fromRRsets, toList } from '../zone/host-records.ts';
import { type NewZoneOptions, newZone } from '../zone/new-zone.ts';
import { createRRset, type RRset, valuesOf } from '../zone/rrset.ts';
import { type Edit, Zone } from '../zone/zone.ts';
import { memory } from './memory-store.ts';
import {
  describeChange,
  describeRRset,
  type RecordListing,
  type ZoneChange,
} from './zone-change.ts';
import type { ZoneStore } from './zone-store.ts';

/** Options for {@link dynamicZone}. Those of a new zone count only when the store does not have it yet. */
export interface DynamicZoneOptions extends NewZoneOptions {
  /** @defaultValue `memory()` */
  readonly store?: ZoneStore | undefined;
  /** TTL of records set without one, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
}

/** One wish for {@link DynamicZone.change}: values for a name and type, or none to delete. */
export interface RecordEdit {
  /** Relative to the zone, or whole. */
  readonly name: string;
  readonly type: string;
  readonly values?: RecordValue | readonly RecordValue[] | undefined;
  /** Seconds. @defaultValue that of the zone */
  readonly ttl?: number | undefined;
}

/**
 * Loads the zone `origin` from the store, or creates it there.
 * @throws StoreError if the store fails; UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_RDATA`, `HAWSER_DNS_ZONE`
 *
 * @example
 * const zone = await dynamicZone('example.net', { store: sqlite('./zones.db') });
 * await zone.set('home', 'A', '192.0.2.7');
 */
export async function dynamicZone(
  origin: string,
  options: DynamicZoneOptions = {},
): Promise<DynamicZone> {
  const { store = memory(), ttl = 60, ...fresh } = options;
  const name = Name.parse(origin);
  const stored = await store.load(name);
  if (stored !== undefined) return new DynamicZone(zoneOf(name, stored), store, ttl);
  const zone = newZone(name, fresh);
  const changes = [...zone.rrsets()].map((after) => ({
    name,
    type: after.type,
    before: undefined,
    after,
  }));
  await store.commit({ origin: name, from: undefined, to: zone.serial, changes });
  return new DynamicZone(zone, store, ttl);
}

/** Whoever started the program is not to blame for what is stored. */
function zoneOf(origin: Name, stored: readonly RRset[]): Zone {
  try {
    return Zone.of(origin, stored);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError('HAWSER_STORE_IO', `Cannot serve stored zone "${origin}": ${why}`, {
      cause: error,
    });
  }
}

interface Pending {
  readonly edits: readonly Edit[];
  readonly resolve: (change: ZoneChange | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Changes that may wait for the store. */
const MAX_PENDING = 10_000;

/** A zone with a store behind it. Made by {@link dynamicZone}. */
export class DynamicZone implements Authority {
  readonly origin: Name;
  readonly #store: ZoneStore;
  readonly #ttl: number;
  readonly #listeners = new Set<(change: ZoneChange) => void>();
  #zone: Zone;
  #pending: Pending[] = [];
  #busy = false;
  #reports: Has<'reports'>['reports'] | undefined;

  constructor(zone: Zone, store: ZoneStore, ttl: number) {
    this.origin = zone.origin;
    this.#zone = zone;
    this.#store = store;
    this.#ttl = ttl;
  }

  /** The content at this moment. It never changes; the next change makes another one. */
  get snapshot(): Zone {
    return this.#zone;
  }

  /** Bumped by every change. */
  get serial(): number {
    return this.#zone.serial;
  }

  /**
   * What a name holds, or its values of one type; `undefined` if there is none. Names may be relative to the zone or whole.
   * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER`, `HAWSER_DNS_OUT_OF_ZONE`
   */
  get(name: string): HostRecords | undefined;
  get(name: string, type: string): RecordValue[] | undefined;
  get(name: string, type?: string): HostRecords | RecordValue[] | undefined {
    const rrsets = this.#zone.node(this.nameOf(name).key)?.rrsets;
    if (type !== undefined) {
      const rrset = rrsets?.get(parseType(type));
      return rrset && valuesOf(rrset);
    }
    return rrsets === undefined || rrsets.size === 0 ? undefined : fromRRsets(rrsets.values());
  }

  /** Every record, sorted by name. */
  list(): RecordListing[] {
    const rrsets = [...this.#zone.rrsets()].map((rrset) => ({ rrset, key: rrset.name.sortKey() }));
    rrsets.sort(
      (one, other) => Buffer.compare(one.key, other.key) || one.rrset.type - other.rrset.type,
    );
    return rrsets.map(({ rrset }) => describeRRset(rrset));
  }

  /**
   * Makes `values` all that the name holds of this type. False if it was so already. Rejects as {@link change}.
   */
  async set(
    name: string,
    type: string,
    values: RecordValue | readonly RecordValue[],
    options: { readonly ttl?: number | undefined } = {},
  ): Promise<boolean> {
    return (await this.change([{ name, type, values, ttl: options.ttl }])) !== undefined;
  }

  /** Deletes what the name holds of this type, or everything. False if there was nothing. Rejects as {@link change}. */
  async delete(name: string, type?: string): Promise<boolean> {
    const owner = this.nameOf(name);
    const held = [...(this.#zone.node(owner.key)?.rrsets.keys() ?? [])];
    // The zone itself stays: its SOA and NS go only with the zone.
    const all = owner.equals(this.origin)
      ? held.filter((each) => each !== Type.SOA && each !== Type.NS)
      : held;
    const types = type === undefined ? all.map(formatType) : [type];
    return (await this.change(types.map((each) => ({ name, type: each })))) !== undefined;
  }

  /**
   * Makes all `edits` or none, and resolves once they are stored and served: with what changed, or `undefined` if nothing
   * did, which costs no write.
   * @throws StoreError if the store fails: what was served before still is. UsageError `HAWSER_DNS_NAME`,
   * `HAWSER_DNS_NUMBER`, `HAWSER_DNS_RDATA`, `HAWSER_DNS_OUT_OF_ZONE`, `HAWSER_DNS_ZONE` for a wish that cannot be granted
   */
  async change(edits: readonly RecordEdit[]): Promise<ZoneChange | undefined> {
    const parsed = edits.map((edit) => this.#parse(edit));
    if (this.#pending.length >= MAX_PENDING) {
      throw usageError(
        'HAWSER_DNS_ZONE',
        `Cannot change "${this.origin}" as ${MAX_PENDING} changes are waiting`,
      );
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ edits: parsed, resolve, reject });
      if (!this.#busy) void this.#run();
    });
  }

  /** Calls `listener` after each change, when it is served. Disposing stops it. */
  on(event: 'changed', listener: (change: ZoneChange) => void): Disposable {
    if (event !== 'changed')
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot listen to "${String(event)}"`);
    // Twice the same function is two subscriptions.
    const entry = (change: ZoneChange): void => listener(change);
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  started(reactor: Has<'reports'>): void {
    this.#reports = reactor.reports;
  }

  handle(query: DnsQuery): Outcome {
    return answerZone(this.#zone, query);
  }

  /**
   * The name that `text` means here: whole if it is in the zone or ends with a dot, else relative to the zone.
   * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_OUT_OF_ZONE`
   */
  nameOf(text: string): Name {
    if (text === '@' || text === '') return this.origin;
    const name = Name.parse(text);
    if (name.isSubdomainOf(this.origin)) return name;
    if (!text.endsWith('.')) return name.concat(this.origin);
    throw usageError(
      'HAWSER_DNS_OUT_OF_ZONE',
      `Cannot use "${text}" as it is outside of zone "${this.origin}"`,
    );
  }

  #parse(edit: RecordEdit): Edit {
    const name = this.nameOf(edit.name);
    const type = parseType(edit.type);
    const values = edit.values === undefined ? [] : toList(edit.values);
    if (values.length === 0) return { name, type, rrset: undefined };
    return { name, type, rrset: createRRset(name, type, { ttl: edit.ttl ?? this.#ttl, values }) };
  }

  /** One commit at a time. What is asked for meanwhile goes into the next one, together. */
  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      // oxlint-disable-next-line no-await-in-loop -- the next change is made from what this one leaves
      await this.#commit(batch);
    }
    this.#busy = false;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const edits: Edit[] = [];
    const accepted: Pending[] = [];
    const before = this.#zone;
    let tentative = before;
    for (const pending of batch) {
      try {
        const next = tentative.change(pending.edits);
        if (next === undefined) {
          // No change from what is about to be stored: settled with it, so that it is never claimed too early.
          accepted.push({ ...pending, resolve: () => pending.resolve(undefined) });
          continue;
        }
        tentative = next.zone;
        edits.push(...pending.edits);
        accepted.push(pending);
      } catch (error) {
        pending.reject(error);
      }
    }
    try {
      const next = before.change(edits);
      if (next !== undefined) {
        await this.#store.commit(next.changeSet);
        this.#zone = next.zone;
      }
      const change = next && describeChange(next.changeSet);
      for (const { resolve } of accepted) resolve(change);
      if (change !== undefined) this.#tell(change);
    } catch (error) {
      for (const { reject } of accepted) reject(error);
    }
  }

  /** A listener that throws must not undo what is stored, nor keep others from hearing of it. */
  #tell(change: ZoneChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
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
