// RRsets and change sets as they are stored.
import { Name } from '../name.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet, RRsetChange } from '../zone/zone.ts';

/** The RDATA of all records, each behind its length in two octets. */
export function encodeRecords(records: readonly Rdata[]): Buffer {
  return Buffer.concat(
    records.flatMap(({ wire }) => [Uint8Array.of(wire.length >> 8, wire.length & 0xff), wire]),
  );
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

interface Stored {
  readonly name: string;
  readonly type: number;
  readonly before?: StoredRecords | undefined;
  readonly after?: StoredRecords | undefined;
}

interface StoredRecords {
  readonly ttl: number;
  readonly rdata: string;
}

/** The changes as JSON: names in base64 wire form, as text would need escapes in escapes. */
export function encodeChanges(changes: readonly RRsetChange[]): string {
  const stored = changes.map(
    ({ name, type, before, after }): Stored => ({
      name: name.wire.toString('base64'),
      type,
      before: before && storeRecords(before),
      after: after && storeRecords(after),
    }),
  );
  return JSON.stringify(stored);
}

/** What {@link encodeChanges} made. */
export function decodeChanges(text: string): ChangeSet['changes'] {
  return (JSON.parse(text) as Stored[]).map(({ name: wire, type, before, after }) => {
    const name = Name.fromWire(Buffer.from(wire, 'base64'));
    return { name, type, before: restore(name, type, before), after: restore(name, type, after) };
  });
}

function storeRecords(rrset: RRset): StoredRecords {
  return { ttl: rrset.ttl, rdata: encodeRecords(rrset.records).toString('base64') };
}

function restore(name: Name, type: number, stored: StoredRecords | undefined): RRset | undefined {
  if (stored === undefined) return undefined;
  return {
    name,
    type,
    ttl: stored.ttl,
    records: decodeRecords(type, Buffer.from(stored.rdata, 'base64')),
  };
}
