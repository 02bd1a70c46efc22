// RRsets as a zone keeps them: a million of them are a million small objects, and nothing else until somebody looks.
import { Name } from '../name.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import type { RRset } from './rrset.ts';

/** Octets packed without memory of their own. */
const SCRATCH_BYTES = 4096;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** What a {@link PackedRRset} is made of, from who has packed the data already. */
export interface PackedContent {
  readonly type: number;
  readonly ttl: number;
  /** The RDATA of all records, each behind its length in two octets, one character an octet. Valid and without duplicates. */
  readonly packed: string;
}

/** An RRset in about 60 octets besides its data. Name and records are made anew each time they are asked for. */
export class PackedRRset implements RRset {
  /** Wire form of the name with its case, one character an octet. The very string that is the key where that is the same. */
  readonly owner: string;
  readonly type: number;
  readonly ttl: number;
  /** The RDATA of all records, each behind its length in two octets, one character an octet. */
  readonly #packed: string;

  /** `rrset` under the name with the wire form `owner`. */
  constructor(owner: string, rrset: RRset | PackedContent) {
    this.owner = owner;
    this.type = rrset.type;
    this.ttl = rrset.ttl;
    this.#packed = 'packed' in rrset ? rrset.packed : packedRecords(rrset);
  }

  get name(): Name {
    return Name.fromOctets(this.owner);
  }

  get records(): readonly Rdata[] {
    return this.first(Number.POSITIVE_INFINITY);
  }

  /** The RDATA of all records, each behind its length in two octets, one character an octet. */
  get packed(): string {
    return this.#packed;
  }

  /** The first of {@link records}: a thousand take a millisecond to make. */
  first(count: number): readonly Rdata[] {
    const bytes = Buffer.from(this.#packed, 'latin1');
    const records: Rdata[] = [];
    for (let at = 0; at < bytes.length && records.length < count; ) {
      const end = at + 2 + bytes.readUInt16BE(at);
      records.push(toRdata(this.type, bytes.subarray(at + 2, end)));
      at = end;
    }
    return records;
  }
}

/** How many records `rrset` has and the octets of their data, without making them. */
export function measureRecords(rrset: RRset): { readonly count: number; readonly bytes: number } {
  if (rrset instanceof PackedRRset) {
    const { packed } = rrset;
    let count = 0;
    for (let at = 0; at < packed.length; count++)
      at += 2 + (packed.charCodeAt(at) << 8) + packed.charCodeAt(at + 1);
    return { count, bytes: packed.length - 2 * count };
  }
  let bytes = 0;
  for (const { wire } of rrset.records) bytes += wire.length;
  return { count: rrset.records.length, bytes };
}

/** The RDATA of each record of `rrset`, one character an octet: a tenth of the work to make the records. */
export function* octetsOf(rrset: RRset): Generator<string, void, undefined> {
  if (rrset instanceof PackedRRset) {
    const { packed } = rrset;
    for (let at = 0; at < packed.length; ) {
      const end = at + 2 + (packed.charCodeAt(at) << 8) + packed.charCodeAt(at + 1);
      yield packed.slice(at + 2, end);
      at = end;
    }
    return;
  }
  for (const { wire } of rrset.records) yield wire.toString('latin1');
}

/** {@link PackedContent.packed} of all records of `rrset`. */
export function packedRecords(rrset: RRset): string {
  return rrset instanceof PackedRRset ? rrset.packed : pack(rrset.records);
}

/** {@link PackedContent.packed} of records whose RDATA is `list`, one character an octet. */
export function packOctets(list: Iterable<string>): string {
  const parts: string[] = [];
  for (const octets of list)
    parts.push(String.fromCharCode(octets.length >> 8, octets.length & 255), octets);
  return parts.join('');
}

/** At most `count` records of `rrset`, the first ones. */
export function firstRecords(rrset: RRset, count: number): readonly Rdata[] {
  return rrset instanceof PackedRRset ? rrset.first(count) : rrset.records.slice(0, count);
}

/** It was RDATA when it was packed. What is no longer good for its type is given as it is, without names. */
function toRdata(type: number, wire: Buffer): Rdata {
  return (
    checkRdata(type, wire) ?? {
      wire,
      compressible: [],
      prefixBytes: wire.length,
      target: undefined,
    }
  );
}

function pack(records: readonly Rdata[]): string {
  let length = 0;
  for (const { wire } of records) length += 2 + wire.length;
  const bytes = length <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const { wire } of records) {
    bytes[at] = wire.length >> 8;
    bytes[at + 1] = wire.length;
    bytes.set(wire, at + 2);
    at += 2 + wire.length;
  }
  return bytes.toString('latin1', 0, length);
}
