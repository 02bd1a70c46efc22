// What the rows of a zone database mean. Everything throws for what somebody spoilt.
import { Name } from '../name.ts';
import { formatType, parseType } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { rdataKey } from '../rdata/rdata-key.ts';
import { rdataFromText, rdataToText } from '../rdata/rdata-text.ts';
import type { StoredZone } from '../store/zone-store.ts';
import type { RRset } from '../zone/rrset.ts';
import type { PostgresRow } from './postgres-pool.ts';

/** A zone as its row has it. */
export interface ZoneRow extends StoredZone {
  readonly id: number;
}

/** What a zone is found by. */
export function zoneKey(origin: Name): string {
  return keyText(origin);
}

/** The text of a name in lower case: that of labels, so escapes are spelled in one way only. */
export function keyText(name: Name): string {
  return Name.fromWire(Buffer.from(name.key, 'latin1')).toString();
}

/** Of a statement `list` or `find`. */
export function zoneRowOf(row: PostgresRow): ZoneRow {
  return {
    id: Number(row['id']),
    origin: Name.parse(textOf(row['name'])),
    serial: Number(row['serial']),
    revision: Number(row['revision']),
    edits: Number(row['edits']),
  };
}

/** Of a statement `fetch`. */
export function rrsetOf(row: PostgresRow): RRset {
  const nameText = textOf(row['name']);
  const typeText = textOf(row['type']);
  const name = Name.parse(nameText);
  const type = parseType(typeText);
  // Otherwise a change of ours would not find the row.
  if (keyText(name) !== nameText.toLowerCase() || formatType(type) !== typeText)
    throw new TypeError(
      `Cannot read "${nameText}" "${typeText}": write "${name}" "${formatType(type)}"`,
    );
  const records = new Map<string, Rdata>();
  for (const data of row['data'] as readonly unknown[]) {
    const rdata = rdataFromText(type, textOf(data));
    records.set(rdataKey(type, rdata.wire.toString('latin1')), rdata);
  }
  return { name, type, ttl: Number(row['ttl']), records: [...records.values()] };
}

/** What a statement `put` takes of an RRset. */
export function rowOf({ name, type, ttl, records }: RRset): object {
  const data = records.map((rdata) => rdataToText(type, rdata));
  return { name: name.toString(), type: formatType(type), ttl, data };
}

function textOf(column: unknown): string {
  if (typeof column !== 'string')
    throw new TypeError('Cannot read a stored row as a column is not of text');
  return column;
}
