import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { formatType, parseType } from '../numbers.ts';
import type { HostRecords, RecordValue } from '../rdata/value.ts';
import { createRRset, type RRset, valuesOf } from './rrset.ts';

/** The RRsets that `records` says `name` holds in a zone. Throws as {@link createRRset} and {@link parseType}. */
export function toRRsets(
  name: Name,
  records: HostRecords,
  zone: { readonly origin: Name; readonly ttl: number },
): RRset[] {
  if (typeof records !== 'object' || records === null || Array.isArray(records)) {
    throw usageError(
      'HAWSER_DNS_RDATA',
      `Cannot use ${JSON.stringify(records)} as records of "${name}"`,
    );
  }
  const { origin } = zone;
  const { ttl = zone.ttl } = records;
  const rrsets: RRset[] = [];
  for (const type of Object.keys(records)) {
    const values = type === 'ttl' ? undefined : (records as Record<string, unknown>)[type];
    if (values === undefined || (Array.isArray(values) && values.length === 0)) continue;
    rrsets.push(
      createRRset(name, parseType(type), {
        ttl,
        values: values as RecordValue | RecordValue[],
        origin,
      }),
    );
  }
  return rrsets;
}

/** What a name with `rrsets` holds, as {@link toRRsets} would take it. The smallest TTL is that of all. */
export function fromRRsets(rrsets: Iterable<RRset>): HostRecords {
  const records: Record<string, unknown> = {};
  let ttl: number | undefined;
  for (const rrset of rrsets) {
    const values = valuesOf(rrset);
    const type = formatType(rrset.type);
    records[type] = type === 'CNAME' || type === 'SOA' ? values[0] : values;
    ttl = Math.min(ttl ?? rrset.ttl, rrset.ttl);
  }
  return { ...records, ttl };
}
