// Names inside a message, where a name may end in a pointer to an earlier one (RFC 1035 §4.1.4).
import { lowerCase, MAX_LABEL_BYTES, MAX_NAME_BYTES, Name } from '../name.ts';
import { copyOctets, type Octets } from '../rdata/octets.ts';
import { HEADER_BYTES } from './header.ts';

/**
 * What may still be spent on the names of one message, and what pointers led to so far. A few octets can point at long
 * names again and again, so reading is bounded for the message and not only for each name.
 */
export interface NameBudget {
  /** Pointers that may still be followed, and labels read behind them; what was pointed at before is free. */
  steps: number;
  /** Octets of names that may still be made. */
  octets: number;
  /** By offset: what a pointer to it means. The map is made when it is needed. */
  known: Map<number, Suffix> | undefined;
}

/** The end of `name` after `skip` octets. */
interface Suffix {
  readonly name: Name;
  readonly skip: number;
}

/** What is so many labels and pointers away costs less to read again than to remember. */
const NEAR = 8;

const scratch = Buffer.alloc(MAX_NAME_BYTES);
const folded = Buffer.alloc(MAX_NAME_BYTES);

/**
 * A budget that an honest message of `bytes` octets keeps, be it a reverse zone of IPv6 with all its hosts pointing to one
 * name, and that keeps any other from costing more than a few milliseconds.
 */
export function nameBudget(bytes: number): NameBudget {
  return { steps: (bytes >> 1) + 512, octets: 8 * bytes + 4096, known: undefined };
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
export function readName(bytes: Uint8Array, offset: number, budget: NameBudget): Name | undefined {
  if (budget.octets < 0) return undefined;
  if (bytes[offset] === 0) return Name.root;
  let size = 0;
  let at = offset;
  let floor = offset;
  let jump = -1;
  let jumpSize = 0;
  let tail = '';
  let own = -1;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length >= 0xc0) {
      const target = pointerTarget(bytes, at);
      if (target < HEADER_BYTES || target >= floor) return undefined;
      if (jump < 0) {
        jump = target;
        jumpSize = size;
      }
      const suffix = budget.known?.get(target);
      if (suffix !== undefined) {
        if (size === 0 && suffix.skip === 0) {
          return target === jump ? suffix.name : remember(budget, jump, suffix);
        }
        const { wire } = suffix.name;
        if (size + wire.length - suffix.skip > MAX_NAME_BYTES) return undefined;
        copyOctets(wire, suffix.skip, wire.length, scratch, size);
        tail = suffix.name.key.slice(suffix.skip);
        own = size;
        size += wire.length - suffix.skip;
        if (target === jump) jump = -1;
        break;
      }
      if (--budget.steps < 0) return undefined;
      floor = target;
      at = target;
      continue;
    }
    const end = at + 1 + length;
    if (length > MAX_LABEL_BYTES || end > bytes.length || size + 1 + length > MAX_NAME_BYTES)
      return undefined;
    if (jump >= 0 && --budget.steps < 0) return undefined;
    for (; at < end; size++) {
      const octet = bytes[at++] ?? 0;
      scratch[size] = octet;
      folded[size] = lowerCase[octet] ?? 0;
    }
    if (length === 0) break;
  }
  budget.octets -= size;
  if (budget.octets < 0) return undefined;
  const wire = Buffer.allocUnsafe(size);
  copyOctets(scratch, 0, size, wire);
  const name = Name.fromParts(wire, folded.toString('latin1', 0, own < 0 ? size : own) + tail);
  // What was known is not remembered again: most names of a zone end in the same few.
  return jump < 0 ? name : remember(budget, jump, { name, skip: jumpSize });
}

/**
 * Appends the whole name at `offset` to `out` and says where it ends in the message, behind its first pointer; -1 where
 * {@link readName} gives nothing. Makes no name where it can do without, and remembers only what is far.
 */
export function appendName(
  bytes: Buffer,
  offset: number,
  { budget, out }: { readonly budget: NameBudget; readonly out: Octets },
): number {
  const start = out.length;
  let at = offset;
  let floor = offset;
  let near = NEAR;
  let pointer = -1;
  let own = -1;
  for (;;) {
    const length = bytes[at] ?? MAX_LABEL_BYTES + 1;
    if (length < 0xc0) {
      const end = at + 1 + length;
      const size = out.length - start + 1 + length;
      if (length > MAX_LABEL_BYTES || end > bytes.length || size > MAX_NAME_BYTES) return -1;
      out.appendFrom(bytes, at, end);
      at = end;
      if (length === 0) break;
      if (pointer < 0 || --near >= 0) continue;
    } else {
      const target = pointerTarget(bytes, at);
      if (target < HEADER_BYTES || target >= floor) return -1;
      if (pointer < 0) {
        pointer = at;
        own = out.length;
      }
      const suffix = budget.known?.get(target);
      if (suffix !== undefined) {
        out.appendFrom(suffix.name.wire, suffix.skip, suffix.name.wire.length);
        break;
      }
      floor = target;
      at = target;
      if (--near >= 0) continue;
    }
    const name = readName(bytes, pointer, budget);
    if (name === undefined) return -1;
    out.length = own;
    out.appendFrom(name.wire, 0, name.wire.length);
    break;
  }
  const size = out.length - start;
  budget.octets -= size;
  if (size > MAX_NAME_BYTES || budget.octets < 0) return -1;
  return pointer < 0 ? at : pointer + 2;
}

function remember(budget: NameBudget, offset: number, suffix: Suffix): Name {
  budget.known ??= new Map();
  budget.known.set(offset, suffix);
  return suffix.name;
}

function pointerTarget(bytes: Uint8Array, at: number): number {
  const low = bytes[at + 1];
  return low === undefined ? -1 : (((bytes[at] ?? 0) & 0x3f) << 8) | low;
}
