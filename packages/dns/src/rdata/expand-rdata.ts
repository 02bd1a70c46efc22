// RDATA cut out of a message, where names of some types may end in a pointer (RFC 1035 §4.1.4, RFC 3597 §4).
import { layoutOf } from './layout.ts';
import { copyOctets, Octets } from './octets.ts';

const scratch = new Octets();
const empty = Buffer.alloc(0);

/**
 * Appends the name at an offset of a message to `out`, pointers followed, and says where it ends in the message: behind its
 * first pointer, if it has one. -1 if it is malformed or costs too much.
 */
export type NameReader = (offset: number, out: Octets) => number;

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
  const layout = layoutOf(type);
  if (layout === undefined || layout.expanded === 0) return copyOf(bytes, offset, limit);
  const out = scratch;
  out.length = 0;
  let raw: Buffer | undefined;
  let copied = offset;
  let at = offset;
  for (let index = 0; index < layout.expanded; index++) {
    const field = layout.fields[index]?.field;
    if (field?.name?.expand) {
      out.appendFrom(bytes, copied, at);
      at = readName(at, out);
      if (at < 0 || at > limit) return undefined;
      copied = at;
    } else {
      // Numbers and strings before the names, which look at nothing but their own octets.
      raw ??= bytes.subarray(offset, limit);
      const end = field?.end(raw, at - offset) ?? -1;
      if (end < 0) return undefined;
      at = offset + end;
    }
  }
  out.appendFrom(bytes, copied, limit);
  return out.fits ? copyOf(out.bytes, 0, out.length) : undefined;
}

/** Without a view of the source in between: it costs as much as the copy, and a message may have 5,000 records. */
function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  if (start === end) return empty;
  const copy = Buffer.allocUnsafe(end - start);
  copyOctets(bytes, start, end, copy);
  return copy;
}
