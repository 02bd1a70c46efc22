// RDATA to values, for people and JSON.
import { Name, plainNameEnd } from '../name.ts';
import type { FieldValue } from './field.ts';
import { formatGeneric } from './generic-rdata.ts';
import { layoutOf } from './layout.ts';
import { fieldEnds, type Rdata } from './rdata.ts';
import type { RecordValue, SoaValue } from './value.ts';

/**
 * The value that {@link encodeRdata} would make `rdata` of again: that of its field where a type has one, an object where it
 * has several. What a value cannot hold, such as text that is no UTF-8, is given as `"\# 4 c0000207"`.
 */
export function decodeRdata(type: number, rdata: Rdata): RecordValue {
  const { wire } = rdata;
  const layout = layoutOf(type);
  const ends = layout && fieldEnds(layout, wire);
  if (layout === undefined || ends === undefined) return formatGeneric(wire);
  const values: Record<string, FieldValue> = {};
  let at = 0;
  for (const [index, { name, field }] of layout.fields.entries()) {
    const end = ends[index] ?? at;
    const value = field.toValue
      ? field.toValue(wire, at, end)
      : field.print(wire, at, end, undefined);
    if (value === undefined) return formatGeneric(wire);
    values[name] = value;
    at = end;
  }
  const [only] = layout.fields;
  if (only === undefined || layout.fields.length > 1) return values;
  const value = values[only.name] as string | string[];
  // Nothing at all has no text, and text that begins like the generic form would be taken for it.
  return value === '' || (typeof value === 'string' && value.startsWith('\\# '))
    ? formatGeneric(wire)
    : value;
}

/** The fields of a start of authority. */
export function decodeSoa(wire: Buffer): SoaValue {
  const second = plainNameEnd(wire, 0);
  const tail = plainNameEnd(wire, second);
  return {
    mname: Name.fromWire(wire, 0).toString(),
    rname: Name.fromWire(wire, second).toString(),
    serial: wire.readUInt32BE(tail),
    refresh: wire.readUInt32BE(tail + 4),
    retry: wire.readUInt32BE(tail + 8),
    expire: wire.readUInt32BE(tail + 12),
    minimum: wire.readUInt32BE(tail + 16),
  };
}
