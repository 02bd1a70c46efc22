// RRsets and change sets as they are stored.
//
// Records:  length (2) data, ...
// Changes:  0x01, then for each RRset: length of name (1) name, type (2), 1 if it was | 2 if it is (1),
//           and for what it was and what it is: TTL (4), octets of records (4), records
import { atOnce } from '../in-turns.ts';
import { Name } from '../name.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import { packedRecords } from '../zone/packed-rrset.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet, RRsetChange } from '../zone/zone.ts';

const FORMAT = 1;
const WAS = 1;
const IS = 2;

/** The RDATA of all records of `rrset`, each behind its length in two octets. */
export function encodeRecords(rrset: RRset): Buffer {
  return Buffer.from(packedRecords(rrset), 'latin1');
}

/** What {@link encodeRecords} made. Throws if it is not that, or not valid for `type`: somebody changed the file. */
export function decodeRecords(type: number, bytes: Buffer): Rdata[] {
  const records: Rdata[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at);
    const rdata =
      end > bytes.length ? undefined : checkRdata(type, Buffer.from(bytes.subarray(at + 2, end)));
    if (rdata === undefined) throw new TypeError(`Cannot read stored records of type ${type}`);
    records.push(rdata);
    at = end;
  }
  if (records.length === 0)
    throw new TypeError(`Cannot read stored records of type ${type} as there are none`);
  return records;
}

/** The changes as octets. */
export function encodeChanges(changes: readonly RRsetChange[]): Buffer {
  return atOnce(encodingChanges(changes));
}

/** The same in steps: one that yields a number costs as much as to write so many records. */
export function* encodingChanges(changes: readonly RRsetChange[]): Generator<number, Buffer, void> {
  const parts: Uint8Array[] = [Uint8Array.of(FORMAT)];
  for (const change of changes) {
    const part = encodeChange(change);
    parts.push(part);
    yield 1 + (part.length >> 6);
  }
  return Buffer.concat(parts);
}

/** What {@link encodeChanges} made. Throws if it is not that. */
export function decodeChanges(bytes: Buffer): ChangeSet['changes'] {
  if (bytes[0] !== FORMAT)
    throw new TypeError(`Cannot read a stored change as it has format ${bytes[0]}`);
  const changes: RRsetChange[] = [];
  for (let at = 1; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    const name = Name.fromWire(bytes.subarray(at + 1, nameEnd));
    const type = bytes.readUInt16BE(nameEnd);
    const flags = bytes.readUInt8(nameEnd + 2);
    at = nameEnd + 3;
    const take = (flag: number): RRset | undefined => {
      if ((flags & flag) === 0) return undefined;
      const ttl = bytes.readUInt32BE(at);
      const end = at + 8 + bytes.readUInt32BE(at + 4);
      if (end > bytes.length) throw new TypeError('Cannot read a stored change as it is cut off');
      const records = decodeRecords(type, bytes.subarray(at + 8, end));
      at = end;
      return { name, type, ttl, records };
    };
    changes.push({ name, type, before: take(WAS), after: take(IS) });
  }
  return changes;
}

function encodeChange({ name, type, before, after }: RRsetChange): Buffer {
  const { wire } = name;
  const was = before && { ttl: before.ttl, packed: packedRecords(before) };
  const is = after && { ttl: after.ttl, packed: packedRecords(after) };
  const octets = Buffer.allocUnsafe(4 + wire.length + rrsetOctets(was) + rrsetOctets(is));
  octets[0] = wire.length;
  octets.set(wire, 1);
  let at = octets.writeUInt16BE(type, 1 + wire.length);
  at = octets.writeUInt8((was ? WAS : 0) | (is ? IS : 0), at);
  if (was !== undefined) at = writeRRset(octets, at, was);
  if (is !== undefined) writeRRset(octets, at, is);
  return octets;
}

interface RRsetData {
  readonly ttl: number;
  readonly packed: string;
}

function rrsetOctets(data: RRsetData | undefined): number {
  return data === undefined ? 0 : 8 + data.packed.length;
}

/** Gives where it ends. */
function writeRRset(octets: Buffer, start: number, { ttl, packed }: RRsetData): number {
  const at = octets.writeUInt32BE(packed.length, octets.writeUInt32BE(ttl, start));
  return at + octets.write(packed, at, 'latin1');
}
