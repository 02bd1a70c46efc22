// Whether a zone is as an update wants it (RFC 2136 §3.2). A name is in use if it has a record of its own: neither an empty
// non-terminal nor what a wildcard would make of it counts.
import { Rcode } from '../../numbers.ts';
import { rdataKey } from '../../rdata/rdata-key.ts';
import { measureRecords, octetsOf } from '../../zone/packed-rrset.ts';
import type { RRset } from '../../zone/rrset.ts';
import type { Zone } from '../../zone/zone.ts';
import type { Prerequisite } from './read-update.ts';

/** A condition costs as much as so many steps of other work. */
const CONDITION_STEPS = 5;

/** NOERROR, or the response code of the first condition that does not hold. In steps. */
export function* checkPrerequisites(
  zone: Zone,
  prerequisites: readonly Prerequisite[],
): Generator<number, number, void> {
  const wanted = new Map<string, WantedRRset>();
  for (const each of prerequisites) {
    const { name } = each;
    yield CONDITION_STEPS;
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
        found.keys.add(rdataKey(each.type, each.rdata.wire.toString('latin1')));
        wanted.set(id, found);
        break;
      }
    }
  }
  for (const each of wanted.values()) {
    if (!isExactly(each)) return Rcode.NXRRSet;
    yield CONDITION_STEPS + each.keys.size;
  }
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
  // Counted first: a zone makes the records anew each time it is asked for them.
  if (held === undefined || measureRecords(held).count !== keys.size) return false;
  for (const octets of octetsOf(held)) if (!keys.has(rdataKey(type, octets))) return false;
  return true;
}
