import { canonicalWire } from './canonical-rdata.ts';
import { layoutOf } from './layout.ts';

/**
 * Equal for data that means the same: names in it are compared without case (RFC 2136 §1.1.1). Only for one type. `octets` are
 * RDATA, one character each, and most often the key itself.
 */
export function rdataKey(type: number, octets: string): string {
  if (layoutOf(type)?.folds !== true || !/[A-Z]/.test(octets)) return octets;
  return canonicalWire(type, Buffer.from(octets, 'latin1')).toString('latin1');
}
