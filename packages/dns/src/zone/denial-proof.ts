// Which NSEC of a signed zone shows that a name or a type is not there (RFC 4035 §3.1.3, RFC 4592 §4.8).
import { Type } from '../numbers.ts';
import { findNode } from './find-node.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/** Names without NSEC that may lie before one with it: empty non-terminals above a name, one in another. */
const MAX_STEPS = 300;

/**
 * The name whose NSEC shows that there is nothing at the name with this key, which has none of its own: it does not
 * exist, or only because names below it do. Undefined if the zone is not signed throughout.
 */
export function coveringNode(zone: Zone, key: string): ZoneNode | undefined {
  let at = key;
  for (let step = 0; step < MAX_STEPS && at !== zone.origin.key; step++) {
    const node = zone.neighbours(at).previous;
    if (node.get(Type.NSEC) !== undefined) return node;
    at = node.key;
    // What a delegation or a DNAME hides may be any number of names; what hides it has the NSEC.
    const found = findNode(zone, at, Type.A);
    if (found.at !== 'cut' && found.at !== 'dname') continue;
    if (found.node.get(Type.NSEC) !== undefined) return found.node;
    at = found.node.key;
  }
  return undefined;
}
