// Names inside a message, where a name may end in a pointer to an earlier one (RFC 1035 §4.1.4).
import { MAX_LABEL_BYTES, MAX_NAME_BYTES, Name } from '../name.ts';
import { HEADER_BYTES } from './header.ts';

/** Pointers that may still be followed while one message is read. Shared by all its names. */
export interface HopBudget {
  hops: number;
}

/**
 * End of the name at `offset` without following its pointer, or -1 if it is malformed or leaves `bytes`. A pointer must
 * lead strictly backward, past the header.
 */
export function skipName(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return -1;
    if (length >= 0xc0) {
      const target = pointerTarget(bytes, at);
      return target >= HEADER_BYTES && target < offset ? at + 2 : -1;
    }
    // 0x40 and 0x80 were extended and reserved label types; nobody may send them (RFC 6891 §5).
    if (length > MAX_LABEL_BYTES) return -1;
    at += 1 + length;
    if (at - offset > MAX_NAME_BYTES) return -1;
    if (length === 0) return at > bytes.length ? -1 : at;
  }
}

/**
 * The whole name at `offset`, pointers followed, or undefined if it is malformed, too long, or `budget` is spent.
 * Every jump must go before the place the last one led to, so there is no loop.
 */
export function readName(bytes: Uint8Array, offset: number, budget: HopBudget): Name | undefined {
  const wire = Buffer.allocUnsafe(MAX_NAME_BYTES);
  let size = 0;
  let at = offset;
  let floor = offset;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length >= 0xc0) {
      const target = pointerTarget(bytes, at);
      if (target < HEADER_BYTES || target >= floor || --budget.hops < 0) return undefined;
      floor = target;
      at = target;
      continue;
    }
    const end = at + 1 + length;
    if (length > MAX_LABEL_BYTES || end > bytes.length || size + 1 + length > MAX_NAME_BYTES)
      return undefined;
    wire.set(bytes.subarray(at, end), size);
    size += 1 + length;
    at = end;
    if (length === 0) return Name.fromWire(wire.subarray(0, size));
  }
}

function pointerTarget(bytes: Uint8Array, at: number): number {
  const low = bytes[at + 1];
  return low === undefined ? -1 : (((bytes[at] ?? 0) & 0x3f) << 8) | low;
}
