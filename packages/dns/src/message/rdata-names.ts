// Where RDATA may hold a name that ends in a pointer: types a receiver must decompress (RFC 3597 §4). All others hold their
// names whole, and are copied as they came.
import { Type } from '../numbers.ts';
import { readName, skipName } from './packet-name.ts';
import type { Message, RecordView } from './reader.ts';

interface Layout {
  /** Octets before the names. */
  readonly prefix: number;
  /** Character-strings before the names. */
  readonly strings: number;
  readonly names: number;
}

const one: Layout = { prefix: 0, strings: 0, names: 1 };
const two: Layout = { prefix: 0, strings: 0, names: 2 };
const preferred: Layout = { prefix: 2, strings: 0, names: 1 };

const layouts: ReadonlyMap<number, Layout> = new Map([
  // RFC 1035 §3.3
  [Type.NS, one],
  [Type.MD, one],
  [Type.MF, one],
  [Type.CNAME, one],
  [Type.SOA, two],
  [Type.MB, one],
  [Type.MG, one],
  [Type.MR, one],
  [Type.PTR, one],
  [Type.MINFO, two],
  [Type.MX, preferred],
  // Later, and compressed by some who read RFC 1035 generously.
  [Type.RP, two],
  [Type.AFSDB, preferred],
  [Type.RT, preferred],
  [Type.SIG, { prefix: 18, strings: 0, names: 1 }],
  [Type.PX, { prefix: 2, strings: 0, names: 2 }],
  [Type.NXT, one],
  [Type.SRV, { prefix: 6, strings: 0, names: 1 }],
  [Type.NAPTR, { prefix: 4, strings: 3, names: 1 }],
  [Type.KX, preferred],
  [Type.DNAME, one],
]);

/** A copy of the RDATA of `view` with whole names, or undefined if a name in it is malformed or leaves it. */
export function plainRdata(message: Message, view: RecordView): Buffer | undefined {
  const { bytes, budget } = message;
  const { rdataOffset } = view;
  const end = rdataOffset + view.rdataLength;
  const layout = layouts.get(view.type);
  if (layout === undefined) return Buffer.from(bytes.subarray(rdataOffset, end));
  let at = rdataOffset + layout.prefix;
  for (let left = layout.strings; left > 0 && at < end; left--) at += 1 + (bytes[at] ?? 0);
  const parts = [bytes.subarray(rdataOffset, at)];
  for (let left = layout.names; left > 0; left--) {
    const next = at < end ? skipName(bytes, at) : -1;
    const name = next < 0 || next > end ? undefined : readName(bytes, at, budget);
    if (name === undefined) return undefined;
    parts.push(name.wire);
    at = next;
  }
  parts.push(bytes.subarray(at, end));
  return Buffer.concat(parts);
}
