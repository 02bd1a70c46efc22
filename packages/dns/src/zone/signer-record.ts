// What a signed zone holds besides the records of its user: signatures, denials, keys.
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Zone } from './zone.ts';

/** Nobody else writes these, at any name. */
const proofTypes: ReadonlySet<number> = new Set([Type.RRSIG, Type.NSEC, Type.NSEC3]);
/** The signer's at the origin of a signed zone. */
const apexTypes: ReadonlySet<number> = new Set([
  Type.DNSKEY,
  Type.CDS,
  Type.CDNSKEY,
  Type.NSEC3PARAM,
]);

/** True for types that only who signs a zone writes. */
export function isSignerType(type: number): boolean {
  return proofTypes.has(type) || type === Type.NSEC3PARAM;
}

/** True while somebody signs the zone. */
export function isSigned({ apex }: Zone): boolean {
  return apex.get(Type.RRSIG) !== undefined;
}

/**
 * True for records that the signer of `zone` maintains, not its user: RRSIG, NSEC and NSEC3 anywhere, and DNSKEY, CDS,
 * CDNSKEY and NSEC3PARAM at the origin while the zone is signed.
 */
export function isSignerRecord(
  zone: Zone,
  record: { readonly name: Name; readonly type: number },
): boolean {
  const { type } = record;
  if (proofTypes.has(type)) return true;
  if (!apexTypes.has(type) || !isSigned(zone)) return false;
  return record.name.equals(zone.origin);
}
