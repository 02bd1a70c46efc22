// Values to RDATA. Everything is checked here, when data is stored, so that answering cannot fail.
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { formatType, isMetaType, Type } from '../numbers.ts';
import { parseIPv4, parseIPv6 } from './address.ts';
import { parseField } from './field.ts';
import { type Layout, layoutOf } from './layout.ts';
import { Octets } from './octets.ts';
import { checkRdata, type Rdata } from './rdata.ts';
import { rdataFromText } from './rdata-text.ts';
import type { RecordValue } from './value.ts';

const scratch = new Octets();

/**
 * The data of a record of `type`. Names in `value` are whole, with or without a final dot; in a zone, `origin`, one that is a
 * single label without a dot is relative to it, as is `"@"`.
 * @throws UsageError `HAWSER_DNS_RDATA` if `value` does not fit the type, `HAWSER_DNS_NUMBER` for a type in it nobody knows
 */
export function encodeRdata(type: number, value: RecordValue, origin?: Name): Rdata {
  const rdata = isMetaType(type) ? undefined : toRdata(type, value, origin);
  if (rdata === undefined) {
    throw usageError(
      'HAWSER_DNS_RDATA',
      `Cannot use ${shown(value).slice(0, 200)} as ${formatType(type)} data`,
    );
  }
  return rdata;
}

function shown(value: RecordValue): string {
  if (value instanceof Uint8Array) return `${value.length} octets`;
  try {
    return String(JSON.stringify(value));
  } catch {
    // Lists in lists without an end, or whatever else came from somewhere instead of a value.
    return 'a value';
  }
}

function toRdata(type: number, value: RecordValue, zone: Name | undefined): Rdata | undefined {
  if (typeof value === 'string' && (type === Type.A || type === Type.AAAA)) {
    // What most values are, without cutting them into words. Any other way to write it takes the long way.
    const wire = type === Type.A ? parseIPv4(value) : parseIPv6(value);
    if (wire !== undefined) return checkRdata(type, wire);
  }
  if (value instanceof Uint8Array) return checkRdata(type, Buffer.from(value));
  const layout = layoutOf(type);
  const [only] = layout?.fields ?? [];
  const isText = typeof value === 'string' && !value.startsWith('\\# ');
  const structured = typeof value !== 'string' || (isText && only?.field.raw === true);
  if (layout === undefined || !structured) {
    return typeof value === 'string' ? rdataFromText(type, value, { zone }) : undefined;
  }
  const values: unknown = layout.fields.length === 1 ? { [only?.name ?? '']: value } : value;
  return typeof values === 'object' && values !== null
    ? fromFields(type, layout, { values: values as Readonly<Record<string, unknown>>, zone })
    : undefined;
}

function fromFields(
  type: number,
  layout: Layout,
  {
    values,
    zone,
  }: { readonly values: Readonly<Record<string, unknown>>; readonly zone: Name | undefined },
): Rdata | undefined {
  const out = scratch;
  out.length = 0;
  for (const { name, field } of layout.fields) {
    const value = values[name] ?? field.fallback;
    const written = field.fromValue
      ? field.fromValue(value, out, zone)
      : typeof value === 'string' && parseField(field, value, out, zone);
    if (!written) return undefined;
  }
  const wire = out.copy();
  return wire && checkRdata(type, wire);
}
