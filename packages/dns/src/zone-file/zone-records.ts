// The records of a zone file, gathered into RRsets as they come: a few small objects for a record, as there may be millions.
import { Type } from '../numbers.ts';
import { canonicalWire } from '../rdata/canonical-rdata.ts';
import { layoutOf } from '../rdata/layout.ts';
import { PackedRRset } from '../zone/packed-rrset.ts';
import { MAX_RECORDS, MAX_RRSET_BYTES, RECORD_BYTES, type RRset } from '../zone/rrset.ts';
import { NameTable } from './name-table.ts';

/** An RRset that is being gathered, and where its first record stands. */
export interface GatheredRRset {
  /** Wire form of its name as it was spelled first, one character an octet. */
  readonly owner: string;
  readonly type: number;
  ttl: number;
  /** RDATA of all records, each behind its length in two octets, one character an octet. */
  packed: string;
  count: number;
  readonly file: string;
  readonly line: number;
  /** The next one of the same name. */
  next: GatheredRRset | undefined;
}

/** One record, in memory that will be used again. */
export interface RecordPlace {
  /** {@link Name.key} of its name. */
  readonly key: string;
  readonly owner: string;
  readonly type: number;
  readonly ttl: number;
  readonly wire: Buffer;
  readonly file: string;
  readonly line: number;
}

/** What became of a record: kept, or why it was not, or what is odd about it. */
export type Addition = 'kept' | 'duplicate' | 'lower TTL' | 'higher TTL' | 'too many';

/** RRsets by name. */
export class ZoneRecords {
  /** The first RRset of each name, by key, in the order of the file. */
  readonly names: NameTable<GatheredRRset> = new NameTable();

  /** The RRset of a name and type. */
  get(key: string, type: number): GatheredRRset | undefined {
    let found = this.names.get(key);
    while (found !== undefined && found.type !== type) found = found.next;
    return found;
  }

  /** Adds a record. A duplicate is dropped; of two TTLs the lower counts for all (RFC 2181 §5.2). */
  add(record: RecordPlace): Addition {
    const { key, owner, type, ttl, wire, file, line } = record;
    const packed = pack(wire);
    const first = this.names.get(key);
    let last = first;
    for (let found = first; found !== undefined; found = found.next) {
      if (found.type === type) return extend(found, packed, ttl);
      last = found;
    }
    const fresh = {
      owner: first?.owner ?? owner,
      type,
      ttl,
      packed,
      count: 1,
      file,
      line,
      next: undefined,
    };
    if (last === undefined) this.names.add(key, fresh);
    else last.next = fresh;
    return 'kept';
  }

  /** Every RRset, in the order of the file. */
  *rrsets(): Generator<RRset, void, undefined> {
    for (const [, first] of this.names.entries()) {
      for (let found: GatheredRRset | undefined = first; found; found = found.next) {
        yield new PackedRRset(found.owner, found);
      }
    }
  }
}

/** The RDATA of each record. */
export function wiresOf({ packed }: GatheredRRset): Buffer[] {
  const wires: Buffer[] = [];
  for (let at = 0; at < packed.length; ) {
    const end = endOf(packed, at);
    wires.push(Buffer.from(packed.slice(at + 2, end), 'latin1'));
    at = end;
  }
  return wires;
}

function extend(rrset: GatheredRRset, packed: string, ttl: number): Addition {
  if (holds(rrset, packed)) return 'duplicate';
  const bytes = rrset.packed.length + packed.length + (rrset.count + 1) * (RECORD_BYTES - 2);
  if (rrset.count >= MAX_RECORDS || bytes > MAX_RRSET_BYTES) return 'too many';
  rrset.packed += packed;
  rrset.count++;
  if (ttl === rrset.ttl) return 'kept';
  const lower = ttl < rrset.ttl;
  rrset.ttl = Math.min(ttl, rrset.ttl);
  // Each signature has the TTL of what it signs (RFC 4034 §3).
  if (rrset.type === Type.RRSIG) return 'kept';
  return lower ? 'lower TTL' : 'higher TTL';
}

function holds({ type, packed: all }: GatheredRRset, packed: string): boolean {
  const folds = layoutOf(type)?.folds ?? false;
  const wanted = folds ? fold(type, packed) : packed;
  for (let at = 0; at < all.length; ) {
    const end = endOf(all, at);
    if (end - at === packed.length) {
      const each = all.slice(at, end);
      if ((folds ? fold(type, each) : each) === wanted) return true;
    }
    at = end;
  }
  return false;
}

/** Names in data are equal without regard to case. */
function fold(type: number, packed: string): string {
  return canonicalWire(type, Buffer.from(packed.slice(2), 'latin1')).toString('latin1');
}

function endOf(packed: string, at: number): number {
  return at + 2 + packed.charCodeAt(at) * 256 + packed.charCodeAt(at + 1);
}

const scratch = Buffer.allocUnsafeSlow(512);

function pack(wire: Buffer): string {
  const { length } = wire;
  const bytes = length + 2 <= scratch.length ? scratch : Buffer.allocUnsafeSlow(length + 2);
  bytes[0] = length >> 8;
  bytes[1] = length;
  bytes.set(wire, 2);
  return bytes.toString('latin1', 0, length + 2);
}
