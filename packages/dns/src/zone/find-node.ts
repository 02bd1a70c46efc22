import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { RRset } from './rrset.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/** Where the walk from the origin down to a name ended. */
export type Found =
  /** The name exists here. */
  | { readonly at: 'node'; readonly node: ZoneNode }
  /** It does not; `encloser` is the longest ancestor that does (RFC 4592 §3.3.1). */
  | { readonly at: 'nothing'; readonly encloser: ZoneNode }
  /** The name is somebody else's: at or below this delegation. */
  | { readonly at: 'cut'; readonly servers: RRset }
  /** An ancestor says the whole tree below it is elsewhere (RFC 6672). */
  | { readonly at: 'dname'; readonly rrset: RRset };

/**
 * Walks down to the name with this key, which must be in the zone. Delegations above a name hide it; the origin itself
 * is none, and DS at a delegation is still ours (RFC 4035 §3.1.4.1).
 */
export function findNode(zone: Zone, key: string, type: number): Found {
  const starts = startsBelow(key, zone.origin);
  let node = zone.node(zone.origin.key);
  if (node === undefined) throw new TypeError(`Cannot find the origin of "${zone.origin}"`);
  for (let depth = starts.length - 1; depth >= 0; depth--) {
    const dname: RRset | undefined = node.get(Type.DNAME);
    if (dname !== undefined && !node.name.isWildcard) return { at: 'dname', rrset: dname };
    const next: ZoneNode | undefined = zone.node(key.slice(starts[depth]));
    // Every ancestor of an existing name exists, so nothing can be below a gap.
    if (next === undefined) return { at: 'nothing', encloser: node };
    const servers = next.get(Type.NS);
    // A wildcard delegates nothing (RFC 4592 §4.2).
    if (servers !== undefined && !(depth === 0 && type === Type.DS) && !next.name.isWildcard) {
      return { at: 'cut', servers };
    }
    node = next;
  }
  return { at: 'node', node };
}

/** Where the labels below `origin` begin in `key`, the first one first. */
function startsBelow(key: string, origin: Name): number[] {
  const starts: number[] = [];
  const end = key.length - origin.key.length;
  for (let at = 0; at < end; at += 1 + key.charCodeAt(at)) starts.push(at);
  return starts;
}
