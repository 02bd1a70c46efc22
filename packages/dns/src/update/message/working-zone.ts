// A zone while an update is applied to it, step by step, each seeing what those before it did.
import type { Name } from '../../name.ts';
import type { Rdata } from '../../rdata/rdata.ts';
import { rdataKey } from '../../rdata/rdata-key.ts';
import { measureRecords, octetsOf, PackedRRset, packOctets } from '../../zone/packed-rrset.ts';
import type { RRset } from '../../zone/rrset.ts';
import type { Edit, Zone } from '../../zone/zone.ts';
import type { ZoneNode } from '../../zone/zone-node.ts';

/** The records of one name and type while they change. Empty means none. */
export interface WorkingRRset {
  readonly name: Name;
  readonly type: number;
  /** Undefined for what was not there, or was deleted as a whole. It stays while the records are taken away one by one. */
  ttl: number | undefined;
  /** RDATA by {@link rdataKey}, one character an octet: a thousand records with all that belongs to them would be slow. */
  readonly records: Map<string, string>;
  /** Data octets of all records. */
  bytes: number;
}

/** A name that an update speaks of: what it has, and what became of that. */
interface WorkingName {
  readonly node: ZoneNode | undefined;
  readonly touched: Map<number, WorkingRRset>;
}

/** An edit costs as much as so many steps of other work. */
const EDIT_STEPS = 3;

/** What a zone would hold. Only what is changed is copied. */
export class WorkingZone {
  readonly origin: Name;
  readonly #zone: Zone;
  /** By {@link Name.key}. */
  readonly #names = new Map<string, WorkingName>();
  #copied = 0;
  #deleted = 0;

  constructor(zone: Zone) {
    this.origin = zone.origin;
    this.#zone = zone;
  }

  /** How many records were copied, or looked through, to change the RRsets they are in. */
  get copied(): number {
    return this.#copied;
  }

  /** How many records were in RRsets that were deleted as a whole. */
  get deleted(): number {
    return this.#deleted;
  }

  /** Types the name has data of now. */
  typesAt(name: Name): number[] {
    const { node, touched } = this.#at(name);
    const types: number[] = [];
    for (const { type } of node?.list ?? []) if (!touched.has(type)) types.push(type);
    for (const [type, { records }] of touched) if (records.size > 0) types.push(type);
    return types;
  }

  has(name: Name, type: number): boolean {
    const { node, touched } = this.#at(name);
    const rrset = touched.get(type);
    return rrset === undefined ? node?.get(type) !== undefined : rrset.records.size > 0;
  }

  /** The RRset to change; empty if there is none. */
  rrset(name: Name, type: number): WorkingRRset {
    const { node, touched } = this.#at(name);
    let rrset = touched.get(type);
    if (rrset === undefined) {
      rrset = workingCopy(name, type, node?.get(type));
      this.#copied += rrset.records.size;
      touched.set(type, rrset);
    }
    return rrset;
  }

  /** Adds a record, or puts it in the place of one that is the same. Gives its key. */
  put(rrset: WorkingRRset, { wire }: Rdata): string {
    const octets = wire.toString('latin1');
    const key = rdataKey(rrset.type, octets);
    const held = rrset.records.get(key);
    // A record that is replaced keeps no place: the newest is last.
    if (held !== undefined) rrset.records.delete(key);
    rrset.records.set(key, octets);
    rrset.bytes += octets.length - (held?.length ?? 0);
    return key;
  }

  /** Takes a record away, if it is there. */
  take(rrset: WorkingRRset, { wire }: Rdata): void {
    const key = rdataKey(rrset.type, wire.toString('latin1'));
    rrset.bytes -= rrset.records.get(key)?.length ?? 0;
    rrset.records.delete(key);
  }

  /** Takes all records away whose data begins with `octets`. */
  takeAll(rrset: WorkingRRset, octets: string): void {
    this.#copied += rrset.records.size;
    for (const [key, held] of rrset.records) {
      if (!held.startsWith(octets)) continue;
      rrset.bytes -= held.length;
      rrset.records.delete(key);
    }
  }

  /** Takes all records of a name and type away, whatever they are: they are not copied first. */
  delete(name: Name, type: number): void {
    const { node, touched } = this.#at(name);
    const rrset = touched.get(type);
    if (rrset === undefined) {
      const held = node?.get(type);
      if (held !== undefined) this.#deleted += measureRecords(held).count;
      touched.set(type, workingCopy(name, type, undefined));
    } else {
      this.clear(rrset);
      rrset.ttl = undefined;
    }
  }

  clear(rrset: WorkingRRset): void {
    rrset.records.clear();
    rrset.bytes = 0;
  }

  /** The way from the zone to this, in steps. What came back to what it was is among it, and changes nothing. */
  *edits(): Generator<number, Edit[], void> {
    const edits: Edit[] = [];
    for (const { node, touched } of this.#names.values()) {
      for (const { name, type, ttl, records } of touched.values()) {
        if (records.size > 0 && ttl !== undefined) {
          const owner = (node?.name ?? name).wire.toString('latin1');
          const packed = packOctets(records.values());
          edits.push({ name, type, rrset: new PackedRRset(owner, { type, ttl, packed }) });
          yield EDIT_STEPS + records.size;
        } else if (node?.get(type) !== undefined) {
          edits.push({ name, type, rrset: undefined });
        }
      }
    }
    return edits;
  }

  #at(name: Name): WorkingName {
    let found = this.#names.get(name.key);
    if (found === undefined) {
      found = { node: this.#zone.node(name.key), touched: new Map() };
      this.#names.set(name.key, found);
    }
    return found;
  }
}

function workingCopy(name: Name, type: number, rrset: RRset | undefined): WorkingRRset {
  const records = new Map<string, string>();
  let bytes = 0;
  for (const octets of rrset === undefined ? [] : octetsOf(rrset)) {
    records.set(rdataKey(type, octets), octets);
    bytes += octets.length;
  }
  return { name, type, ttl: rrset?.ttl, records, bytes };
}
