// TTLs of signatures. A zone keeps all RRSIG records of a name as one RRset, but each has the TTL of what it signs
// (RFC 4034 §3), which it also carries inside as the original TTL (§3.1.4).
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';

/** Where the original TTL is: behind the type covered, the algorithm and the number of labels. */
const ORIGINAL_TTL_OFFSET = 4;

/** The records of `rrset` as they are sent one by one: signatures with a TTL of their own, anything else as it is. */
export function withOwnTtls(rrset: RRset): readonly RRset[] {
  if (rrset.type !== Type.RRSIG) return [rrset];
  const byTtl = new Map<number, Rdata[]>();
  for (const rdata of rrset.records) {
    const { wire } = rdata;
    const ttl =
      wire.length >= ORIGINAL_TTL_OFFSET + 4 ? wire.readUInt32BE(ORIGINAL_TTL_OFFSET) : rrset.ttl;
    const records = byTtl.get(ttl);
    if (records === undefined) byTtl.set(ttl, [rdata]);
    else records.push(rdata);
  }
  const { name, type } = rrset;
  return [...byTtl].map(([ttl, records]) => ({ name, type, ttl, records }));
}
