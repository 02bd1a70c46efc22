import type { DnsRecord } from '../message/record.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { MAX_TTL, type RRset } from '../zone/rrset.ts';

/**
 * The RRsets that `records` are, in the order of their first record: of different TTLs the lowest counts (RFC 2181 §5.2), one with
 * the top bit set is zero (§8), and equal data is one record. Records without data are left out.
 */
export function toRRsets(records: Iterable<DnsRecord>): RRset[] {
  const sets = new Map<string, { first: DnsRecord; ttl: number; data: Map<string, Rdata> }>();
  for (const record of records) {
    if (record.rdata === undefined) continue;
    const ttl = record.ttl > MAX_TTL ? 0 : record.ttl;
    const key = `${record.type}/${record.class}/${record.name.key}`;
    const set = sets.get(key) ?? { first: record, ttl, data: new Map<string, Rdata>() };
    set.ttl = Math.min(set.ttl, ttl);
    set.data.set(record.rdata.wire.toString('latin1'), record.rdata);
    sets.set(key, set);
  }
  return [...sets.values()].map(({ first, ttl, data }) => ({
    name: first.name,
    type: first.type,
    ttl,
    records: [...data.values()],
  }));
}
