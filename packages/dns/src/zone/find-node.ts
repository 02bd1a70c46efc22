import { Type } from '../numbers.ts';
import type { RRset } from './rrset.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/** Where the walk from the origin down to a name ended. */
export type Found =
  /** The name exists here. */
  | { readonly at: 'node'; readonly node: ZoneNode }
  /** It does not; `encloser` is the key of the longest ancestor that does (RFC 4592 §3.3.1). */
  | { readonly at: 'nothing'; readonly encloser: string }
  /** The name is somebody else's: at or below this delegation. */
  | { readonly at: 'cut'; readonly node: ZoneNode; readonly servers: RRset }
  /** An ancestor says the whole tree below it is elsewhere (RFC 6672). */
  | { readonly at: 'dname'; readonly node: ZoneNode; readonly rrset: RRset };

/** First label of a wildcard (RFC 4592 §2.1.1). */
const WILDCARD_LABEL = '\x01*';

/**
 * Walks down to the name with this key, which must be in the zone. Delegations above a name hide it; the origin itself
 * is none, and DS at a delegation is still ours (RFC 4035 §3.1.4.1).
 */
export function findNode(zone: Zone, key: string, type: number): Found {
  const starts = startsBelow(key, zone.origin.key);
  let node = zone.apex;
  // A wildcard delegates nothing (RFC 4592 §4.2), and its DNAME redirects nothing (§4.4).
  let isWildcard = zone.origin.isWildcard;
  for (let depth = starts.length - 1; depth >= 0; depth--) {
    const dname = node.get(Type.DNAME);
    if (dname !== undefined && !isWildcard) return { at: 'dname', node, rrset: dname };
    const start = starts[depth] ?? 0;
    const next = zone.findable(start === 0 ? key : key.slice(start));
    // Every ancestor of an existing name exists, so nothing can be below a gap.
    if (next === undefined)
      return {
        at: 'nothing',
        encloser: key.slice(starts[depth + 1] ?? key.length - zone.origin.key.length),
      };
    isWildcard = key.startsWith(WILDCARD_LABEL, start);
    const servers = next.get(Type.NS);
    if (servers !== undefined && !(depth === 0 && type === Type.DS) && !isWildcard)
      return { at: 'cut', node: next, servers };
    node = next;
  }
  return { at: 'node', node };
}

/** The wildcard that stands for the names below `encloser` that do not exist. */
export function wildcardBelow(zone: Zone, encloser: string): ZoneNode | undefined {
  return zone.node(WILDCARD_LABEL + encloser);
}

/** Where the labels below the origin begin in `key`, the first one first. */
function startsBelow(key: string, originKey: string): number[] {
  const starts: number[] = [];
  const end = key.length - originKey.length;
  for (let at = 0; at < end; at += 1 + key.charCodeAt(at)) starts.push(at);
  return starts;
}
