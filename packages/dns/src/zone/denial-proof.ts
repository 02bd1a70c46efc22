// What a signed zone shows so that nobody need believe its denials: which of its records say that something is not there.
import { Type } from '../numbers.ts';
import { NsecProof } from './nsec-proof.ts';
import { Nsec3Proof, nsec3Of } from './nsec3-proof.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/** How a zone denies. Each method gives the names whose {@link type} records prove it; fewer where the zone lacks them. */
export interface DenialProof {
  /** NSEC or NSEC3. */
  readonly type: number;
  /** `node` exists and does not have a type. Of a delegation: it is not signed. */
  noType(node: ZoneNode): ZoneNode[];
  /** There is no name with this key, nor a wildcard for it: `encloser` is the longest ancestor that exists. */
  noName(key: string, encloser: string): ZoneNode[];
  /** There is no name with this key: what was answered is of the wildcard below `encloser`. */
  onlyWildcard(key: string, encloser: string): ZoneNode[];
  /** The same where that wildcard, `node`, does not have the type either. */
  noTypeOfWildcard(key: string, encloser: string, node: ZoneNode): ZoneNode[];
}

/** How `zone` denies, or undefined if it is not signed. */
export function denialProofOf(zone: Zone): DenialProof | undefined {
  const type = denialTypeOf(zone.apex);
  if (type === Type.NSEC) return new NsecProof(zone);
  const parameters = type === undefined ? undefined : nsec3Of(zone.apex);
  return parameters && new Nsec3Proof(zone, parameters);
}

/** Which type the zone with this apex denies by: NSEC, NSEC3, or undefined if it is not signed. */
export function denialTypeOf(apex: ZoneNode): number | undefined {
  if (apex.get(Type.RRSIG) === undefined) return undefined;
  if (apex.get(Type.NSEC) !== undefined) return Type.NSEC;
  return nsec3Of(apex) && Type.NSEC3;
}
