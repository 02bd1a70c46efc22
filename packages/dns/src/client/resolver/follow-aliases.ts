// From a reply to what was asked for, along CNAMEs (RFC 1034 §3.6.2).
import type { DnsMessage } from '../../message/parse-message.ts';
import type { DnsRecord } from '../../message/record.ts';
import type { Name } from '../../name.ts';
import { Rcode, Type } from '../../numbers.ts';
import { decodeSoa } from '../../rdata/decode-rdata.ts';
import { MAX_TTL } from '../../zone/rrset.ts';

/** What a reply says about a name and a type. */
export interface Followed {
  /** `alias`: it leads to `name`, about which the reply says nothing. */
  readonly kind: 'data' | 'nodata' | 'nxdomain' | 'alias';
  /** Where the aliases end. */
  readonly name: Name;
  readonly records: readonly DnsRecord[];
  /** Seconds for which it may be remembered: the lowest TTL on the way. Of a negative answer without SOA it is 0. */
  readonly ttl: number;
}

/** Longest way along aliases within one reply. */
const MAX_ALIASES = 16;

/** Follows `name` through `reply`, which is of NOERROR or NXDOMAIN. */
export function followAliases(reply: DnsMessage, name: Name, type: number): Followed {
  let at = name;
  let ttl = MAX_TTL;
  const seen = new Set<string>();
  for (let hop = 0; hop <= MAX_ALIASES && !seen.has(at.key); hop++) {
    seen.add(at.key);
    const owned = reply.answer.filter((record) => record.name.equals(at) && record.rdata);
    const records = owned.filter((record) => record.type === type);
    if (records.length > 0) {
      const lowest = records.reduce((least, record) => Math.min(least, ttlOf(record)), ttl);
      return { kind: 'data', name: at, records, ttl: lowest };
    }
    const alias = owned.find((record) => record.type === Type.CNAME);
    const target = alias?.rdata?.target;
    if (alias === undefined || target === undefined) return negative(reply, { at, ttl, hop });
    ttl = Math.min(ttl, ttlOf(alias));
    at = target;
  }
  // A circle, or too long to be meant.
  return { kind: 'nodata', name: at, records: [], ttl: 0 };
}

function negative(reply: DnsMessage, way: { at: Name; ttl: number; hop: number }): Followed {
  const { at, ttl, hop } = way;
  const soa = reply.authority.find(({ type, name }) => type === Type.SOA && at.isSubdomainOf(name));
  if (soa?.rdata === undefined) {
    const kind =
      reply.rcode === Rcode.NXDomain ? 'nxdomain' : hop > 0 ? ('alias' as const) : 'nodata';
    return { kind, name: at, records: [], ttl: kind === 'alias' ? ttl : 0 };
  }
  // RFC 2308 §5.
  const remember = Math.min(ttl, ttlOf(soa), decodeSoa(soa.rdata.wire).minimum);
  const kind = reply.rcode === Rcode.NXDomain ? 'nxdomain' : 'nodata';
  return { kind, name: at, records: [], ttl: remember };
}

/** RFC 2181 §8. */
function ttlOf({ ttl }: DnsRecord): number {
  return ttl > MAX_TTL ? 0 : ttl;
}
