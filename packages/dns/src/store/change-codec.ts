// RRsets and change sets as they are stored.
//
// Records:  length (2) data, ...
// Changes:  0x01, then for each RRset: length of name (1) name, type (2), 1 if it was | 2 if it is (1),
//           and for what it was and what it is: TTL (4), octets of records (4), records
import { Name } from '../name.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet, RRsetChange } from '../zone/zone.ts';

const FORMAT = 1;
const WAS = 1;
const IS = 2;

/** The RDATA of all records, each behind its length in two octets. */
export function encodeRecords(records: readonly Rdata[]): Buffer {
  return Buffer.concat(recordParts(records));
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
  const parts: Uint8Array[] = [Uint8Array.of(FORMAT)];
  for (const { name, type, before, after } of changes) {
    const flags = (before ? WAS : 0) | (after ? IS : 0);
    parts.push(Uint8Array.of(name.wire.length), name.wire);
    parts.push(Uint8Array.of(type >> 8, type & 0xff, flags));
    for (const rrset of [before, after]) if (rrset !== undefined) parts.push(...rrsetParts(rrset));
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

function recordParts(records: readonly Rdata[]): Uint8Array[] {
  return records.flatMap(({ wire }) => [Uint8Array.of(wire.length >> 8, wire.length & 0xff), wire]);
}

function rrsetParts({ ttl, records }: RRset): Uint8Array[] {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(ttl, 0);
  head.writeUInt32BE(
    records.reduce((sum, { wire }) => sum + 2 + wire.length, 0),
    4,
  );
  return [head, ...recordParts(records)];
}
