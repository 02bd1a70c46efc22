// Which records of a zone go by themselves, and when.
import type { LeaseEdit } from '../contract/live-zone.ts';
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { RRsetChange, Zone } from '../zone/zone.ts';
import type { Lease, StoredLeaseChange } from './zone-store.ts';

/** The leases of one RRset by the octets of their record. */
export type Leases = ReadonlyMap<string, Lease>;
const none: Leases = new Map();

/** Leases as a decision sees them. */
export interface LeaseView {
  /** Leases of one name and type, by the octets of their record. */
  of(name: Name, type: number): Leases;
  all(): Iterable<Lease>;
}

/** What a decision does to a zone, as far as leases care. */
export interface LeaseStep {
  /** The zone after the changes. */
  readonly zone: Zone;
  readonly changes: readonly RRsetChange[];
  readonly edits: readonly LeaseEdit[];
}

/** Leases by RRset. What a {@link LeaseDraft} holds comes in when it is stored. */
export class LeaseBook implements LeaseView {
  readonly #byRRset = new Map<string, Map<string, Lease>>();
  #size = 0;
  #earliest = Number.POSITIVE_INFINITY;

  constructor(leases: Iterable<Lease> = []) {
    for (const lease of leases) this.#put(lease);
  }

  get size(): number {
    return this.#size;
  }

  /** Leases of one name and type. */
  of(name: Name, type: number): Leases {
    return this.#byRRset.get(rrsetId(name, type)) ?? none;
  }

  *all(): Generator<Lease, void, undefined> {
    for (const leases of this.#byRRset.values()) yield* leases.values();
  }

  /** All but those of the RRsets with these ids. */
  *except(ids: { has(id: string): boolean }): Generator<Lease, void, undefined> {
    for (const [id, leases] of this.#byRRset) if (!ids.has(id)) yield* leases.values();
  }

  /** No lease ends before this; Infinity if there is none. */
  get earliest(): number {
    return this.#earliest;
  }

  /** Makes {@link earliest} exact again, which it is not when leases were renewed. Looks at all of them. */
  findEarliest(): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const { expires } of this.all()) this.#earliest = Math.min(this.#earliest, expires);
  }

  /** Takes in what was stored. */
  apply(changes: readonly StoredLeaseChange[]): void {
    for (const change of changes) this.#put(change);
  }

  #put(change: StoredLeaseChange): void {
    const id = rrsetId(change.name, change.type);
    const leases = this.#byRRset.get(id) ?? new Map<string, Lease>();
    const before = leases.size;
    put(leases, change);
    this.#size += leases.size - before;
    if (change.expires !== undefined) this.#earliest = Math.min(this.#earliest, change.expires);
    if (leases.size === 0) this.#byRRset.delete(id);
    else this.#byRRset.set(id, leases);
  }
}

/** Changes to a {@link LeaseBook} that are not stored yet. */
export class LeaseDraft implements LeaseView {
  readonly #book: LeaseBook;
  readonly #maxLeases: number;
  readonly #overlay = new Map<string, Leases>();
  readonly #changes = new Map<string, StoredLeaseChange>();
  #size: number;

  constructor(book: LeaseBook, maxLeases: number) {
    this.#book = book;
    this.#maxLeases = maxLeases;
    this.#size = book.size;
  }

  /** All changes together, the last one for each record. */
  get changes(): readonly StoredLeaseChange[] {
    return [...this.#changes.values()];
  }

  /**
   * Adds what a decision means for the leases.
   * @throws UsageError `HAWSER_DNS_ZONE` for too many leases, then nothing is added
   */
  add(step: LeaseStep): void {
    const changes = [...this.#dropped(step), ...this.#edited(step)];
    if (changes.length === 0) return;
    const overlay = new Map<string, Map<string, Lease>>();
    let size = this.#size;
    for (const change of changes) {
      const id = rrsetId(change.name, change.type);
      let leases = overlay.get(id);
      // Copied once, however many of its records change: a thousand may.
      if (leases === undefined) {
        leases = new Map(this.of(change.name, change.type));
        overlay.set(id, leases);
      }
      const before = leases.size;
      put(leases, change);
      size += leases.size - before;
    }
    if (size > this.#maxLeases && size > this.#size) {
      const { origin } = step.zone;
      throw usageError(
        'HAWSER_DNS_ZONE',
        `Cannot keep ${size} leases in zone "${origin}" as ${this.#maxLeases} are allowed`,
      );
    }
    this.#size = size;
    for (const [id, leases] of overlay) this.#overlay.set(id, leases);
    for (const change of changes) {
      this.#changes.set(`${rrsetId(change.name, change.type)}${octetsOf(change.rdata)}`, change);
    }
  }

  of(name: Name, type: number): Leases {
    return this.#overlay.get(rrsetId(name, type)) ?? this.#book.of(name, type);
  }

  *all(): Generator<Lease, void, undefined> {
    yield* this.#book.except(this.#overlay);
    for (const leases of this.#overlay.values()) yield* leases.values();
  }

  /** Leases of records that are gone. */
  *#dropped({ changes }: LeaseStep): Generator<StoredLeaseChange, void, undefined> {
    for (const { name, type, after } of changes) {
      const leases = this.of(name, type);
      if (leases.size === 0) continue;
      const left = new Set(after?.records.map(({ wire }) => octetsOf(wire)));
      for (const [octets, lease] of leases)
        if (!left.has(octets)) yield { ...lease, expires: undefined };
    }
  }

  *#edited({ zone, edits }: LeaseStep): Generator<StoredLeaseChange, void, undefined> {
    const rrsets = new Map<string, HeldRecords>();
    for (const { name, type, rdata, expires } of edits) {
      const id = rrsetId(name, type);
      const leases = this.#overlay.get(id) ?? this.#book.of(name, type);
      // The lease of nothing ends: so it is with most of what is added.
      if (expires === undefined && leases.size === 0) continue;
      let held = rrsets.get(id);
      if (held === undefined) rrsets.set(id, (held = heldRecords(zone, name, type)));
      const octets = rdata && octetsOf(rdata);
      for (const each of octets === undefined ? held.keys() : [octets]) {
        const wire = held.get(each);
        if (wire !== undefined && leases.get(each)?.expires !== expires)
          yield { name, type, rdata: wire, expires };
      }
      // Of records that are not there: somebody may have stored such.
      for (const each of octets === undefined ? leases.keys() : [octets]) {
        const lease = leases.get(each);
        if (lease !== undefined && !held.has(each)) yield { ...lease, expires: undefined };
      }
    }
  }
}

/** Data of records by its octets. */
type HeldRecords = ReadonlyMap<string, Uint8Array>;

/** The records of an RRset that may go by themselves: what a zone cannot be without does not expire. */
function heldRecords(zone: Zone, name: Name, type: number): HeldRecords {
  const rrset = zone.get(name, type);
  if (rrset === undefined || isVital(zone, rrset)) return new Map();
  return new Map(rrset.records.map(({ wire }) => [octetsOf(wire), wire]));
}

function put(leases: Map<string, Lease>, change: StoredLeaseChange): void {
  const octets = octetsOf(change.rdata);
  const { expires } = change;
  if (expires === undefined) leases.delete(octets);
  else leases.set(octets, { ...change, expires });
}

/** True for what a zone cannot be without. */
export function isVital(
  zone: Zone,
  { name, type }: { readonly name: Name; readonly type: number },
): boolean {
  return type === Type.SOA || (type === Type.NS && name.equals(zone.origin));
}

function rrsetId(name: Name, type: number): string {
  return `${type}/${name.key}`;
}

function octetsOf(rdata: Uint8Array): string {
  return Buffer.from(rdata.buffer, rdata.byteOffset, rdata.byteLength).toString('latin1');
}
