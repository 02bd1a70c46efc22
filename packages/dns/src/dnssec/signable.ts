// What of a zone is signed, and which of its names are in the chain of NSEC (RFC 4035 §2.2, §2.3).
import { Type } from '../numbers.ts';
import { encodeTypeBitmap } from '../rdata/type-bitmap.ts';
import type { RRset } from '../zone/rrset.ts';
import { isSignerType } from '../zone/signer-record.ts';
import type { Zone } from '../zone/zone.ts';
import type { ZoneNode } from '../zone/zone-node.ts';

/**
 * What a name is to who signs the zone. `own`: everything it holds is signed. `cut`: it is delegated, and only DS is.
 * `hidden`: it is below a delegation or a DNAME, and nothing is. `empty`: it holds nothing, or nothing but what a signer wrote.
 */
export type Standing = 'own' | 'cut' | 'hidden' | 'empty';

/** First label of a wildcard (RFC 4592 §2.1.1). */
const WILDCARD_LABEL = '\x01*';

/** The standing of `node` in `zone`. */
export function standingOf(zone: Zone, node: ZoneNode, key: string): Standing {
  if (node.list.every(({ type }) => isSignerType(type))) return 'empty';
  if (hiddenBy(zone, key) !== undefined) return 'hidden';
  return isCut(zone, node, key) ? 'cut' : 'own';
}

/** True for a name that has an NSEC. */
export function isInChain(standing: Standing): boolean {
  return standing === 'own' || standing === 'cut';
}

/** The key of the topmost name above that with `key` that hides it: a delegation, or a DNAME (RFC 6672 §2.4). */
export function hiddenBy(zone: Zone, key: string): string | undefined {
  const originKey = zone.origin.key;
  let topmost: string | undefined;
  let above = key;
  while (above.length > originKey.length) {
    above = above.slice(1 + above.charCodeAt(0));
    const node = zone.node(above);
    if (node !== undefined && hidesBelow(zone, node, above)) topmost = above;
  }
  return topmost;
}

/** True if names below `node` are somebody else's to answer. */
export function hidesBelow(zone: Zone, node: ZoneNode, key: string): boolean {
  // A wildcard delegates nothing, and redirects nothing (RFC 4592 §4.2, §4.4).
  if (key.startsWith(WILDCARD_LABEL)) return false;
  return isCut(zone, node, key) || node.get(Type.DNAME) !== undefined;
}

function isCut(zone: Zone, node: ZoneNode, key: string): boolean {
  if (key === zone.origin.key || key.startsWith(WILDCARD_LABEL)) return false;
  return node.get(Type.NS) !== undefined;
}

/** The RRsets of a name that are signed, NSEC not among them. */
export function signedRRsets(node: ZoneNode, standing: Standing): RRset[] {
  if (standing === 'own') return node.list.filter(({ type }) => !isSignerType(type));
  if (standing === 'cut') return node.list.filter(({ type }) => type === Type.DS);
  return [];
}

/** The types the NSEC of a name lists, in wire form: what it is asked for here (RFC 4035 §2.3). */
export function typesBitmap(node: ZoneNode, standing: Standing): Buffer {
  const types = [Type.RRSIG, Type.NSEC, ...node.list.map(({ type }) => type)];
  const listed =
    standing === 'cut'
      ? types.filter((type) => isSignerType(type) || type === Type.NS || type === Type.DS)
      : types;
  return encodeTypeBitmap(listed.filter((type) => type !== Type.NSEC3 && type !== Type.NSEC3PARAM));
}
