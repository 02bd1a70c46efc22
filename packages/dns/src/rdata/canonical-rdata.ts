import { layoutOf } from './layout.ts';
import { fieldEnds, type Rdata } from './rdata.ts';

/**
 * The data as DNSSEC signs and sorts it (RFC 4034 §6.2, RFC 6840 §5.1): names in the types listed there in lower case. Gives
 * `rdata.wire` itself where nothing changes; do not change it.
 */
export function canonicalRdata(type: number, rdata: Rdata): Buffer {
  return canonicalWire(type, rdata.wire);
}

/** The same for octets that are valid for `type`. */
export function canonicalWire(type: number, wire: Buffer): Buffer {
  const layout = layoutOf(type);
  if (!layout?.folds) return wire;
  const ends = fieldEnds(layout, wire) ?? [];
  let folded = wire;
  let at = 0;
  for (const [index, { field }] of layout.fields.entries()) {
    const end = ends[index] ?? at;
    if (field.name?.fold) {
      for (let octet = at; octet < end; octet++) {
        const value = wire[octet] ?? 0;
        // The length of a label is at most 63 and so no letter.
        if (value < 0x41 || value > 0x5a) continue;
        if (folded === wire) folded = Buffer.from(wire);
        folded[octet] = value + 0x20;
      }
    }
    at = end;
  }
  return folded;
}
