// A zone while an update is applied to it, step by step, each seeing what those before it did.
import type { Name } from '../../name.ts';
import { Type } from '../../numbers.ts';
import type { Rdata } from '../../rdata/rdata.ts';
import type { RRset } from '../../zone/rrset.ts';
import type { Edit, Zone } from '../../zone/zone.ts';
import type { ZoneNode } from '../../zone/zone-node.ts';
import { rdataKey } from './rdata-key.ts';

/** The records of one name and type while they change. Empty means none. */
export interface WorkingRRset {
  readonly name: Name;
  readonly type: number;
  ttl: number;
  /** By {@link rdataKey}. */
  readonly records: Map<string, Rdata>;
  /** Data octets of all records. */
  bytes: number;
}

/** A name that an update speaks of: what it has, and what became of that. */
interface WorkingName {
  readonly node: ZoneNode | undefined;
  readonly touched: Map<number, WorkingRRset>;
}

/** What a zone would hold. Only what is changed is copied. */
export class WorkingZone {
  readonly origin: Name;
  readonly #zone: Zone;
  /** By {@link Name.key}. */
  readonly #names = new Map<string, WorkingName>();
  #copied = 0;

  constructor(zone: Zone) {
    this.origin = zone.origin;
    this.#zone = zone;
  }

  /** How many records were copied, or looked through, to change the RRsets they are in. */
  get copied(): number {
    return this.#copied;
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
  put(rrset: WorkingRRset, rdata: Rdata): string {
    const key = rdataKey(rrset.type, rdata);
    const held = rrset.records.get(key);
    // A record that is replaced keeps no place: the newest is last.
    if (held !== undefined) rrset.records.delete(key);
    rrset.records.set(key, rdata);
    rrset.bytes += rdata.wire.length - (held?.wire.length ?? 0);
    return key;
  }

  /** Takes a record away, if it is there. */
  take(rrset: WorkingRRset, rdata: Rdata): void {
    const key = rdataKey(rrset.type, rdata);
    rrset.bytes -= rrset.records.get(key)?.wire.length ?? 0;
    rrset.records.delete(key);
  }

  /** Looks for all records for which `isMeant` says so and takes them away. */
  takeAll(rrset: WorkingRRset, isMeant: (rdata: Rdata) => boolean): void {
    this.#copied += rrset.records.size;
    for (const rdata of rrset.records.values()) if (isMeant(rdata)) this.take(rrset, rdata);
  }

  /** Takes all records of a name and type away, whatever they are: they are not copied first. */
  delete(name: Name, type: number): void {
    const { touched } = this.#at(name);
    const rrset = touched.get(type);
    if (rrset !== undefined) this.clear(rrset);
    else touched.set(type, workingCopy(name, type, undefined));
  }

  clear(rrset: WorkingRRset): void {
    rrset.records.clear();
    rrset.bytes = 0;
  }

  /** The way from the zone to this. What came back to what it was is among it, and changes nothing. */
  edits(): Edit[] {
    const edits: Edit[] = [];
    for (const { node, touched } of this.#names.values()) {
      for (const { name, type, ttl, records } of touched.values()) {
        if (records.size > 0) {
          const list = [...records.values()];
          edits.push({ name, type, rrset: { name: node?.name ?? name, type, ttl, records: list } });
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

/** True for what only the signer of a zone writes. */
export function isSignerType(type: number): boolean {
  return type === Type.RRSIG || type === Type.NSEC || type === Type.NSEC3;
}

function workingCopy(name: Name, type: number, rrset: RRset | undefined): WorkingRRset {
  const records = new Map<string, Rdata>();
  let bytes = 0;
  for (const rdata of rrset?.records ?? []) {
    records.set(rdataKey(type, rdata), rdata);
    bytes += rdata.wire.length;
  }
  return { name, type, ttl: rrset?.ttl ?? 0, records, bytes };
}
