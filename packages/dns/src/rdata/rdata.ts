// RDATA that was checked once and is then only copied. Where names are is known by type, so that the writer may
// compress those of RFC 1035 and must not touch the others (RFC 3597 §4).
import { Name, plainNameEnd } from '../name.ts';
import { Type } from '../numbers.ts';

/** The data of one record, valid for its type. */
export interface Rdata {
  /** Uncompressed wire form. Do not change it. */
  readonly wire: Buffer;
  /** Names in it that may be compressed, in their order; empty for most types. */
  readonly compressible: readonly Name[];
  /** Octets before the first of {@link compressible}. What follows the last is copied as it is. */
  readonly prefixBytes: number;
  /** The name it points to: of NS, CNAME, PTR, MX, SRV, DNAME. */
  readonly target: Name | undefined;
}

/** Longest RDATA kept: a record of this size still fits into one TCP message with its owner and the question. */
const MAX_RDATA_BYTES = 65_000;

interface Layout {
  readonly prefix: number;
  readonly names: number;
  readonly suffix: number;
  readonly compress: boolean;
}

const layouts: ReadonlyMap<number, Layout> = new Map([
  [Type.NS, { prefix: 0, names: 1, suffix: 0, compress: true }],
  [Type.CNAME, { prefix: 0, names: 1, suffix: 0, compress: true }],
  [Type.PTR, { prefix: 0, names: 1, suffix: 0, compress: true }],
  [Type.MX, { prefix: 2, names: 1, suffix: 0, compress: true }],
  [Type.SOA, { prefix: 0, names: 2, suffix: 20, compress: true }],
  [Type.SRV, { prefix: 6, names: 1, suffix: 0, compress: false }],
  [Type.DNAME, { prefix: 0, names: 1, suffix: 0, compress: false }],
]);

/** The record data `wire` holds, or undefined if it is not what `type` allows. A type without rules allows anything. */
export function checkRdata(type: number, wire: Buffer): Rdata | undefined {
  if (wire.length > MAX_RDATA_BYTES) return undefined;
  const layout = layouts.get(type);
  if (layout !== undefined) return checkNames(layout, wire);
  if (type === Type.A && wire.length !== 4) return undefined;
  if (type === Type.AAAA && wire.length !== 16) return undefined;
  if (type === Type.TXT && (wire.length === 0 || !isStrings(wire))) return undefined;
  if (type === Type.CAA && !isCaa(wire)) return undefined;
  return { wire, compressible: [], prefixBytes: wire.length, target: undefined };
}

function checkNames(layout: Layout, wire: Buffer): Rdata | undefined {
  const names: Name[] = [];
  let at = layout.prefix;
  for (let index = 0; index < layout.names; index++) {
    const end = plainNameEnd(wire, at);
    if (end < 0) return undefined;
    names.push(Name.fromWire(wire, at));
    at = end;
  }
  if (at + layout.suffix !== wire.length) return undefined;
  const target = layout.names === 1 ? names[0] : undefined;
  return layout.compress
    ? { wire, compressible: names, prefixBytes: layout.prefix, target }
    : { wire, compressible: [], prefixBytes: wire.length, target };
}

/** True if character-strings tile `wire` (RFC 1035 §3.3). */
function isStrings(wire: Uint8Array): boolean {
  let at = 0;
  while (at < wire.length) at += 1 + (wire[at] ?? 0);
  return at === wire.length;
}

/** Flags, then a tag of ASCII letters and digits (RFC 8659 §4.1). */
function isCaa(wire: Buffer): boolean {
  const tagBytes = wire[1] ?? 0;
  return (
    tagBytes > 0 &&
    2 + tagBytes <= wire.length &&
    /^[\da-z]+$/i.test(wire.toString('latin1', 2, 2 + tagBytes))
  );
}
