// The records of a zone file, gathered into RRsets as they come: numbers in rows and two strings for a record, as there may be
// millions.
import { Type } from '../numbers.ts';
import { copyOctets } from '../rdata/octets.ts';
import { rdataKey } from '../rdata/rdata-key.ts';
import { IntRows, LongList } from '../zone/long-list.ts';
import { NameTable } from '../zone/name-table.ts';
import { PackedRRset } from '../zone/packed-rrset.ts';
import { MAX_RECORDS, MAX_RRSET_BYTES, RECORD_BYTES, type RRset } from '../zone/rrset.ts';
import type { ZoneContent } from '../zone/zone-content.ts';

/** An RRset as it was gathered, and where its first record stands. */
export interface GatheredRRset {
  /** Wire form of its name as it was spelled first, one character an octet. */
  readonly owner: string;
  readonly type: number;
  /** RDATA of all records, each behind its length in two octets, one character an octet. */
  readonly packed: string;
  readonly file: string;
  readonly line: number;
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

/** Columns of an RRset. */
const TYPE = 0;
const TTL = 1;
const FILE = 2;
const LINE = 3;
/** The next one of the same name; 0 for none, as the first of all is the next of none. */
const NEXT = 4;
const COLUMNS = 5;

/** RRsets by name, in the order of the file. */
export class ZoneRecords implements ZoneContent {
  readonly names: NameTable = new NameTable();
  /** By name: how it is spelled, and the row of its first RRset. */
  readonly #owners = new LongList<string>();
  readonly #firsts = new IntRows(1);
  /** By RRset. */
  readonly #rows = new IntRows(COLUMNS);
  readonly #packed = new LongList<string>();
  readonly #files: string[] = [];

  /** The RRset of a name and type. */
  get(key: string, type: number): GatheredRRset | undefined {
    const name = this.names.find(key);
    const row = name < 0 ? -1 : this.#rowOf(name, type);
    return row < 0 ? undefined : this.#view(name, row);
  }

  /** Adds a record. A duplicate is dropped; of two TTLs the lower counts for all (RFC 2181 §5.2). */
  add(record: RecordPlace): Addition {
    const packed = pack(record.wire);
    const name = this.names.place(record.key);
    if (name === this.#owners.length) {
      this.#owners.push(record.owner);
      this.#firsts.push();
      this.#firsts.set(name, 0, this.#push(record, packed));
      return 'kept';
    }
    const row = this.#rowOf(name, record.type);
    if (row >= 0) return this.#extend(row, packed, record.ttl);
    this.#rows.set(-1 - row, NEXT, this.#push(record, packed));
    return 'kept';
  }

  ownerAt(name: number): string {
    return this.#owners.at(name) ?? '';
  }

  /** True if a name has an RRset of one of `types`. */
  hasAny(name: number, types: ReadonlySet<number>): boolean {
    let row = this.#firsts.get(name, 0);
    do {
      if (types.has(this.#rows.get(row, TYPE))) return true;
      row = this.#rows.get(row, NEXT);
    } while (row !== 0);
    return false;
  }

  /** The RRsets of a name. */
  gatheredAt(name: number): readonly GatheredRRset[] {
    return this.#rowsOf(name).map((row) => this.#view(name, row));
  }

  rrsetsAt(name: number): PackedRRset | readonly PackedRRset[] {
    const first = this.#firsts.get(name, 0);
    if (this.#rows.get(first, NEXT) === 0) return this.#rrset(name, first);
    return this.#rowsOf(name).map((row) => this.#rrset(name, row));
  }

  /** Every RRset, those of a name in a row. */
  *rrsets(): Generator<RRset, void, undefined> {
    for (let name = 0; name < this.names.size; name++) {
      const rrsets = this.rrsetsAt(name);
      if (rrsets instanceof PackedRRset) yield rrsets;
      else yield* rrsets;
    }
  }

  /** Of an RRset; if there is none of that type -1 less the row of the last one. */
  #rowOf(name: number, type: number): number {
    for (let row = this.#firsts.get(name, 0); ; ) {
      if (this.#rows.get(row, TYPE) === type) return row;
      const next = this.#rows.get(row, NEXT);
      if (next === 0) return -1 - row;
      row = next;
    }
  }

  #rowsOf(name: number): number[] {
    const rows = [this.#firsts.get(name, 0)];
    for (let row = rows[0] ?? 0; (row = this.#rows.get(row, NEXT)) !== 0; ) rows.push(row);
    return rows;
  }

  #push({ type, ttl, file, line }: RecordPlace, packed: string): number {
    // Most come from the file that the one before did.
    if (this.#files.at(-1) !== file) this.#files.push(file);
    const row = this.#rows.push();
    this.#rows.set(row, TYPE, type);
    this.#rows.set(row, TTL, ttl);
    this.#rows.set(row, FILE, this.#files.length - 1);
    this.#rows.set(row, LINE, line);
    this.#packed.push(packed);
    return row;
  }

  #extend(row: number, added: string, ttl: number): Addition {
    const type = this.#rows.get(row, TYPE);
    const packed = this.#packedAt(row);
    const count = find(type, packed, added);
    if (count < 0) return 'duplicate';
    const bytes = packed.length + added.length + (count + 1) * (RECORD_BYTES - 2);
    if (count >= MAX_RECORDS || bytes > MAX_RRSET_BYTES) return 'too many';
    this.#packed.set(row, packed + added);
    const before = this.#rows.get(row, TTL);
    if (ttl === before) return 'kept';
    this.#rows.set(row, TTL, Math.min(ttl, before));
    // Each signature has the TTL of what it signs (RFC 4034 §3).
    if (type === Type.RRSIG) return 'kept';
    return ttl < before ? 'lower TTL' : 'higher TTL';
  }

  #packedAt(row: number): string {
    return this.#packed.at(row) ?? '';
  }

  #rrset(name: number, row: number): PackedRRset {
    return new PackedRRset(this.ownerAt(name), {
      type: this.#rows.get(row, TYPE),
      ttl: this.#rows.get(row, TTL),
      packed: this.#packedAt(row),
    });
  }

  #view(name: number, row: number): GatheredRRset {
    return {
      owner: this.ownerAt(name),
      type: this.#rows.get(row, TYPE),
      packed: this.#packedAt(row),
      file: this.#files[this.#rows.get(row, FILE)] ?? '',
      line: this.#rows.get(row, LINE),
    };
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

/** How many records there are in `all`, or -1 if `packed` is one of them. */
function find(type: number, all: string, packed: string): number {
  const wanted = rdataKey(type, packed.slice(2));
  let count = 0;
  for (let at = 0; at < all.length; count++) {
    const end = endOf(all, at);
    if (end - at === packed.length && rdataKey(type, all.slice(at + 2, end)) === wanted) return -1;
    at = end;
  }
  return count;
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
  copyOctets(wire, 0, length, bytes, 2);
  return bytes.toString('latin1', 0, length + 2);
}
