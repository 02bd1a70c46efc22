// RDATA that was checked once and is then only copied. Where names are is known by type, so that the writer may
// compress those of RFC 1035 and must not touch the others (RFC 3597 §4).
import { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { type Layout, layoutOf } from './layout.ts';
import { MAX_RDATA_BYTES } from './octets.ts';

/** The data of one record, valid for its type. */
export interface Rdata {
  /** Uncompressed wire form. Do not change it. */
  readonly wire: Buffer;
  /** Names in it that may be compressed, in their order; empty for most types. */
  readonly compressible: readonly Name[];
  /** Octets before the first of {@link compressible}. What follows the last is copied as it is. */
  readonly prefixBytes: number;
  /** The host or place it points to: of NS, CNAME, PTR, MX, SRV, DNAME, SVCB and others. */
  readonly target: Name | undefined;
}

const nothing: readonly Name[] = [];

/** The record data `wire` holds, or undefined if it is not what `type` allows. A type without rules allows anything. */
export function checkRdata(type: number, wire: Buffer): Rdata | undefined {
  if (type === Type.A || type === Type.AAAA) {
    const valid = wire.length === (type === Type.A ? 4 : 16);
    return valid ? plain(wire) : undefined;
  }
  if (wire.length > MAX_RDATA_BYTES) return undefined;
  const layout = layoutOf(type);
  return layout === undefined ? plain(wire) : checkFields(layout, wire);
}

/**
 * Where each field of `layout` ends, or undefined unless they tile `wire`: the one way to walk RDATA.
 */
export function fieldEnds(layout: Layout, wire: Buffer): number[] | undefined {
  const ends: number[] = [];
  let at = 0;
  for (const { field } of layout.fields) {
    at = field.end(wire, at);
    if (at < 0) return undefined;
    ends.push(at);
  }
  return at === wire.length ? ends : undefined;
}

function checkFields(layout: Layout, wire: Buffer): Rdata | undefined {
  let at = 0;
  for (const { field } of layout.fields) {
    at = field.end(wire, at);
    if (at < 0) return undefined;
  }
  if (at !== wire.length) return undefined;
  return layout.pointing ? new PointingRdata(layout, wire) : plain(wire);
}

function plain(wire: Buffer): Rdata {
  return { wire, compressible: nothing, prefixBytes: wire.length, target: undefined };
}

/** Data with names that somebody may ask for. Made only then: of 5,000 records in a message few are ever written again. */
class PointingRdata implements Rdata {
  readonly wire: Buffer;
  readonly #layout: Layout;
  #names: Omit<Rdata, 'wire'> | undefined;

  constructor(layout: Layout, wire: Buffer) {
    this.#layout = layout;
    this.wire = wire;
  }

  get compressible(): readonly Name[] {
    return this.#found().compressible;
  }

  get prefixBytes(): number {
    return this.#found().prefixBytes;
  }

  get target(): Name | undefined {
    return this.#found().target;
  }

  #found(): Omit<Rdata, 'wire'> {
    this.#names ??= namesIn(this.#layout, this.wire);
    return this.#names;
  }
}

function namesIn(layout: Layout, wire: Buffer): Omit<Rdata, 'wire'> {
  let compressible: Name[] | undefined;
  let prefixBytes = wire.length;
  let target: Name | undefined;
  let at = 0;
  for (const { field } of layout.fields) {
    const end = field.end(wire, at);
    if (field.name?.compress || field.name?.target) {
      const name = Name.fromWire(wire, at);
      if (field.name.target) target = name;
      if (field.name.compress) {
        if (compressible === undefined) prefixBytes = at;
        (compressible ??= []).push(name);
      }
    }
    at = end;
  }
  return { compressible: compressible ?? nothing, prefixBytes, target };
}
