// What the rows of a zone database mean. Everything throws for what somebody spoilt.
import { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet } from '../zone/zone.ts';
import { decodeChanges, decodeRecords } from './change-codec.ts';
import type { SqliteRow } from './open-sqlite.ts';
import type { Lease, StoredZone } from './zone-store.ts';

/** A zone as its row has it. */
export interface ZoneRow extends StoredZone {
  readonly id: number;
  readonly journalSeq: number;
  readonly journalBytes: number;
}

/** Of a statement `list`. */
export function storedZoneOf(row: SqliteRow): StoredZone {
  return {
    origin: nameOf(row['name']),
    serial: Number(row['serial']),
    revision: Number(row['revision']),
    edits: Number(row['edits']),
  };
}

/** Of a statement `find`. */
export function zoneRowOf(row: SqliteRow): ZoneRow {
  return {
    ...storedZoneOf(row),
    id: Number(row['id']),
    journalSeq: Number(row['journal_seq']),
    journalBytes: Number(row['journal_bytes']),
  };
}

/** Of a statement `page`. */
export function rrsetOf(row: SqliteRow): RRset {
  const type = Number(row['type']);
  const records = decodeRecords(type, bytesOf(row['rdata']));
  return { name: nameOf(row['name']), type, ttl: Number(row['ttl']), records };
}

/** Of a statement `leases`. */
export function leaseOf(row: SqliteRow): Lease {
  return {
    name: nameOf(row['name']),
    type: Number(row['type']),
    rdata: bytesOf(row['rdata']),
    expires: Number(row['expires']),
  };
}

/** Of a statement `since`. */
export function changeSetOf(origin: Name, row: SqliteRow): ChangeSet {
  return {
    origin,
    from: Number(row['serial_from']),
    to: Number(row['serial_to']),
    changes: decodeChanges(bytesOf(row['changes'])),
  };
}

/** A blob. The memory is that of the row. */
export function bytesOf(column: unknown): Buffer {
  if (!(column instanceof Uint8Array))
    throw new TypeError('Cannot read a stored row as a column is no blob');
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}

function nameOf(column: unknown): Name {
  return Name.fromWire(bytesOf(column));
}
