// Names as strings that sort in canonical order (RFC 4034 §6.1), relative to the origin of their zone.
import { MAX_NAME_BYTES } from '../name.ts';

/** Every octet may need another one before it. */
const SCRATCH_BYTES = 2 * MAX_NAME_BYTES;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/**
 * What sorts as the name with `key` does among those below `originKey`: labels, outermost first, a zero octet between; a
 * 0 or 1 within a label has a 1 before it. The origin is the empty string, and a name is right behind its ancestors.
 */
export function orderOf(key: string, originKey: string): string {
  const end = key.length - originKey.length;
  // The innermost label comes first in the key, and last here.
  let start = SCRATCH_BYTES;
  for (let at = 0; at < end; ) {
    const next = at + 1 + key.charCodeAt(at);
    if (at > 0) scratch[--start] = 0;
    for (let from = next - 1; from > at; from--) {
      const octet = key.charCodeAt(from);
      scratch[--start] = octet < 2 ? octet + 1 : octet;
      if (octet < 2) scratch[--start] = 1;
    }
    at = next;
  }
  return scratch.toString('latin1', start, SCRATCH_BYTES);
}

/** The key that {@link orderOf} made `order` of. */
export function keyOf(order: string, originKey: string): string {
  let start = SCRATCH_BYTES;
  let length = 0;
  for (let at = 0; at < order.length; at++) {
    let octet = order.charCodeAt(at);
    if (octet === 0) {
      start = closeLabel(start, length);
      length = 0;
      continue;
    }
    if (octet === 1) octet = order.charCodeAt(++at) - 1;
    // Labels grow towards the end of the memory they are moved to: written in order, below what is there.
    label[length++] = octet;
  }
  if (order.length > 0) start = closeLabel(start, length);
  return scratch.toString('latin1', start, SCRATCH_BYTES) + originKey;
}

/** How many labels the name of `above` is above that of `order`, or 0 if it is no ancestor. */
export function labelsAbove(above: string, order: string): number {
  if (order.length <= above.length || !order.startsWith(above)) return 0;
  if (above !== '' && order.charCodeAt(above.length) !== 0) return 0;
  let count = above === '' ? 1 : 0;
  for (let at = above.length; at < order.length; at++) if (order.charCodeAt(at) === 0) count++;
  return count;
}

const label = Buffer.allocUnsafeSlow(MAX_NAME_BYTES);

/** Puts the label that was collected before those that are there, and gives where it starts. */
function closeLabel(before: number, length: number): number {
  const start = before - length - 1;
  scratch[start] = length;
  scratch.set(label.subarray(0, length), start + 1);
  return start;
}
