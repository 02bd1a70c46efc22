// A zone while an update is applied to it, step by step, each seeing what those before it did.
import type { Name } from '../../name.ts';
import { Type } from '../../numbers.ts';
import type { Rdata } from '../../rdata/rdata.ts';
import type { RRset } from '../../zone/rrset.ts';
import type { Edit, Zone } from '../../zone/zone.ts';
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

/** What a zone would hold. Only what is changed is copied. */
export class WorkingZone {
  readonly origin: Name;
  readonly #zone: Zone;
  /** By name, then by type. */
  readonly #touched = new Map<string, Map<number, WorkingRRset>>();

  constructor(zone: Zone) {
    this.origin = zone.origin;
    this.#zone = zone;
  }

  /** Types the name has data of now. */
  typesAt(name: Name): number[] {
    const touched = this.#touched.get(name.key);
    const types = new Set(this.#zone.node(name.key)?.rrsets.keys());
    for (const [type, { records }] of touched ?? []) {
      if (records.size > 0) types.add(type);
      else types.delete(type);
    }
    return [...types];
  }

  has(name: Name, type: number): boolean {
    const touched = this.#touched.get(name.key)?.get(type);
    return touched === undefined
      ? this.#zone.get(name, type) !== undefined
      : touched.records.size > 0;
  }

  /** The RRset to change; empty if there is none. */
  rrset(name: Name, type: number): WorkingRRset {
    let ofName = this.#touched.get(name.key);
    if (ofName === undefined) {
      ofName = new Map();
      this.#touched.set(name.key, ofName);
    }
    let rrset = ofName.get(type);
    if (rrset === undefined) {
      rrset = workingCopy(name, type, this.#zone.get(name, type));
      ofName.set(type, rrset);
    }
    return rrset;
  }

  put(rrset: WorkingRRset, rdata: Rdata): void {
    this.take(rrset, rdata);
    rrset.records.set(rdataKey(rrset.type, rdata), rdata);
    rrset.bytes += rdata.wire.length;
  }

  /** False if the record is not in it. */
  take(rrset: WorkingRRset, rdata: Rdata): boolean {
    const key = rdataKey(rrset.type, rdata);
    const held = rrset.records.get(key);
    if (held === undefined) return false;
    rrset.records.delete(key);
    rrset.bytes -= held.wire.length;
    return true;
  }

  clear(rrset: WorkingRRset): void {
    rrset.records.clear();
    rrset.bytes = 0;
  }

  /** Everything that was touched, as it is now. */
  *touched(): Generator<WorkingRRset, void, undefined> {
    for (const ofName of this.#touched.values()) yield* ofName.values();
  }

  /** The way from the zone to this. What came back to what it was is among it, and changes nothing. */
  edits(): Edit[] {
    const edits: Edit[] = [];
    for (const { name, type, ttl, records } of this.touched()) {
      const before = this.#zone.get(name, type);
      const rrset: RRset | undefined =
        records.size === 0
          ? undefined
          : { name: before?.name ?? name, type, ttl, records: [...records.values()] };
      if (before !== undefined || rrset !== undefined) edits.push({ name, type, rrset });
    }
    return edits;
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
