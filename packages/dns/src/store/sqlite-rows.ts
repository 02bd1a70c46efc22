// What the rows of a zone database mean. Everything throws for what somebody spoilt.
import { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import { decodeRecords } from './change-codec.ts';
import type { SqliteRow } from './open-sqlite.ts';
import { bytesOf } from './stored-row.ts';
import type { StoredZone } from './zone-store.ts';

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

function nameOf(column: unknown): Name {
  return Name.fromWire(bytesOf(column));
}
