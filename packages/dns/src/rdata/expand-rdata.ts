// RDATA cut out of a message, where names of some types may end in a pointer (RFC 1035 §4.1.4, RFC 3597 §4).
import { layoutOf } from './layout.ts';
import { Octets } from './octets.ts';

const scratch = new Octets();

/** A name in a message, pointers followed. */
export interface ExpandedName {
  /** Uncompressed. */
  readonly wire: Uint8Array;
  /** Where it ends in the message: behind its first pointer, if it has one. */
  readonly end: number;
}

/** Reads the name at an offset of a message; undefined if it is malformed or costs too much. */
export type NameReader = (offset: number) => ExpandedName | undefined;

/**
 * The RDATA at `offset` of a message as a buffer of its own, names written in full; not checked yet. Undefined if a
 * name that may be compressed is malformed or leaves the data.
 */
export function expandRdata(
  type: number,
  place: { readonly bytes: Buffer; readonly offset: number; readonly length: number },
  readName: NameReader,
): Buffer | undefined {
  const { bytes, offset, length } = place;
  const limit = offset + length;
  const raw = bytes.subarray(offset, limit);
  const layout = layoutOf(type);
  if (layout === undefined || layout.expanded === 0) return Buffer.from(raw);
  const out = scratch;
  out.length = 0;
  let at = offset;
  for (const { field } of layout.fields.slice(0, layout.expanded)) {
    if (field.name?.expand) {
      const name = readName(at);
      if (name === undefined || name.end > limit) return undefined;
      out.append(name.wire);
      at = name.end;
    } else {
      // Numbers and strings before the names, which look at nothing but their own octets.
      const end = field.end(raw, at - offset);
      if (end < 0) return undefined;
      out.append(raw.subarray(at - offset, end));
      at = offset + end;
    }
  }
  out.append(bytes.subarray(at, limit));
  return out.copy();
}
