import { canonicalRdata } from '../../rdata/canonical-rdata.ts';
import type { Rdata } from '../../rdata/rdata.ts';

/** Equal for data that means the same: names in it are compared without case (RFC 2136 §1.1.1). Only for one type. */
export function rdataKey(type: number, rdata: Rdata): string {
  return canonicalRdata(type, rdata).toString('latin1');
}
