// Whether a zone is as an update wants it (RFC 2136 §3.2). A name is in use if it has a record of its own: neither an empty
// non-terminal nor what a wildcard would make of it counts.
import { Rcode } from '../../numbers.ts';
import type { RRset } from '../../zone/rrset.ts';
import type { Zone } from '../../zone/zone.ts';
import { rdataKey } from './rdata-key.ts';
import type { Prerequisite } from './read-update.ts';

/** NOERROR, or the response code of the first condition that does not hold. */
export function checkPrerequisites(zone: Zone, prerequisites: readonly Prerequisite[]): number {
  const wanted = new Map<string, WantedRRset>();
  for (const each of prerequisites) {
    const { name } = each;
    switch (each.kind) {
      case 'nameInUse':
        if (!isInUse(zone, name.key)) return Rcode.NXDomain;
        break;
      case 'nameNotInUse':
        if (isInUse(zone, name.key)) return Rcode.YXDomain;
        break;
      case 'rrsetExists':
        if (zone.get(name, each.type) === undefined) return Rcode.NXRRSet;
        break;
      case 'rrsetAbsent':
        if (zone.get(name, each.type) !== undefined) return Rcode.YXRRSet;
        break;
      case 'value': {
        const id = `${each.type}/${name.key}`;
        const found = wanted.get(id) ?? {
          held: zone.get(name, each.type),
          type: each.type,
          keys: new Set(),
        };
        found.keys.add(rdataKey(each.type, each.rdata));
        wanted.set(id, found);
        break;
      }
    }
  }
  for (const each of wanted.values()) if (!isExactly(each)) return Rcode.NXRRSet;
  return Rcode.NoError;
}

interface WantedRRset {
  readonly held: RRset | undefined;
  readonly type: number;
  readonly keys: Set<string>;
}

function isInUse(zone: Zone, key: string): boolean {
  return (zone.node(key)?.rrsets.size ?? 0) > 0;
}

/** The same records in whatever order. TTLs do not matter (RFC 2136 §2.4.2). */
function isExactly({ held, type, keys }: WantedRRset): boolean {
  if (held === undefined || held.records.length !== keys.size) return false;
  return held.records.every((rdata) => keys.has(rdataKey(type, rdata)));
}
