// What the rows of every zone database mean alike. Everything throws for what somebody spoilt.
import { Name } from '../name.ts';
import type { ChangeSet } from '../zone/zone.ts';
import { decodeChanges } from './change-codec.ts';
import type { Lease } from './zone-store.ts';

/** A row by column name. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** Of a statement `leases`. */
export function leaseOf(row: StoredRow): Lease {
  return {
    name: Name.fromWire(bytesOf(row['name'])),
    type: Number(row['type']),
    rdata: bytesOf(row['rdata']),
    expires: Number(row['expires']),
  };
}

/** Of a statement `since`. */
export function changeSetOf(origin: Name, row: StoredRow): ChangeSet {
  return {
    origin,
    from: Number(row['serial_from']),
    to: Number(row['serial_to']),
    changes: decodeChanges(bytesOf(row['changes'])),
  };
}

/** A column of octets. The memory is that of the row. */
export function bytesOf(column: unknown): Buffer {
  if (!(column instanceof Uint8Array))
    throw new TypeError('Cannot read a stored row as a column is not of octets');
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}
