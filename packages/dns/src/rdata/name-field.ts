// Names in RDATA (RFC 1035 §5.1). What may be done with one depends on the type it is in.
import { MAX_LABEL_BYTES, MAX_NAME_BYTES, Name, plainNameEnd } from '../name.ts';
import { type Field, type NameRule, parseField } from './field.ts';
import type { Octets } from './octets.ts';
import type { Words } from './words.ts';

const AT = 0x40;
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Of the types of RFC 1035 that point to a host. */
export const hostOfOld: Field = name({ compress: true, expand: true, fold: true, target: true });
/** Of the other types of RFC 1035. */
export const nameOfOld: Field = name({ compress: true, expand: true, fold: true, target: false });
/** Of types that were made before RFC 3597, when some still compressed. */
export const nameOfMiddle: Field = name({
  compress: false,
  expand: true,
  fold: true,
  target: false,
});
/** The same, pointing to a host or a place in the tree. */
export const hostOfMiddle: Field = name({
  compress: false,
  expand: true,
  fold: true,
  target: true,
});
/** Nobody may compress it, but it is folded for signatures. */
export const foldedName: Field = name({
  compress: false,
  expand: false,
  fold: true,
  target: false,
});
/** Octets that stay as they are. */
export const plainName: Field = name({
  compress: false,
  expand: false,
  fold: false,
  target: false,
});
/** The same, pointing to a host. */
export const plainTarget: Field = name({
  compress: false,
  expand: false,
  fold: false,
  target: true,
});

/** Any number of names, up to the end. */
export const plainNames: Field = {
  end: (wire, at) => {
    let end = at;
    while (end >= 0 && end < wire.length) end = plainNameEnd(wire, end);
    return end;
  },
  print: (wire, at, end, origin) => {
    const names: string[] = [];
    for (let next = at; next < end; next = plainNameEnd(wire, next)) {
      names.push(printName(wire, next, origin));
    }
    return names.join(' ');
  },
  parse: (words, out) => {
    while (words.more) readName(words, out);
  },
};

/** Text of the name at `at`, as {@link nameText}. */
export function printName(wire: Buffer, at: number, origin: Name | undefined): string {
  return nameText(Name.fromWire(wire, at), origin);
}

/**
 * Text of a name: relative to `origin` where it ends in that, to the case, and else absolute with its final dot. What it is
 * read as has the same octets.
 */
export function nameText(name: Name, origin: Name | undefined): string {
  if (name.isRoot) return '.';
  const below =
    origin !== undefined &&
    !origin.isRoot &&
    name.isSubdomainOf(origin) &&
    name.wire.subarray(-origin.wire.length).equals(origin.wire);
  return below ? name.relativeTo(origin) : `${name.toString()}.`;
}

/** The name as a value: without a final dot, unless it would mean a name in the zone then. */
export function nameValue(name: Name): string {
  return name.labelCount === 1 ? `${name}.` : name.toString();
}

/** Reads the next word as a name and writes its wire form. */
export function readName(words: Words, out: Octets): void {
  words.take();
  const end = writeName(words, out.bytes, out.length);
  if (end < 0) words.fail(nameRules[-end - 1] ?? '');
  out.length = end;
}

const nameRules = [
  'a name has no empty label',
  'a label has at most 63 octets',
  'a name has at most 255 octets',
  'a backslash stands before a character or three digits up to 255',
  '"@" needs an origin',
] as const;
const EMPTY_LABEL = -1;
const LONG_LABEL = -2;
const LONG_NAME = -3;
const BAD_ESCAPE = -4;
const NO_ORIGIN = -5;

/** Writes the current word as a name at `at` of `out` and says where it ends; below 0 it says which rule is broken. */
function writeName(words: Words, out: Uint8Array, at: number): number {
  const { bytes, start, end, origin } = words;
  if (start === end) return EMPTY_LABEL;
  if (end - start === 1 && !words.quoted) {
    if (bytes[start] === AT)
      return origin === undefined ? NO_ORIGIN : append(origin.wire, out, at, at);
    if (bytes[start] === DOT) {
      out[at] = 0;
      return at + 1;
    }
  }
  let label = at;
  let to = at + 1;
  for (let from = start; from < end; from++) {
    let octet = bytes[from] ?? 0;
    if (octet === DOT) {
      const length = to - label - 1;
      if (length === 0) return EMPTY_LABEL;
      if (length > MAX_LABEL_BYTES) return LONG_LABEL;
      out[label] = length;
      label = to++;
      continue;
    }
    if (octet === BACKSLASH) {
      octet = escaped(bytes, from, end);
      if (octet < 0) return BAD_ESCAPE;
      from += isDigit(bytes[from + 1]) ? 3 : 1;
    }
    if (to - at > MAX_NAME_BYTES) return LONG_NAME;
    out[to++] = octet;
  }
  const length = to - label - 1;
  if (length > MAX_LABEL_BYTES) return LONG_LABEL;
  out[label] = length;
  if (length === 0) return to - at > MAX_NAME_BYTES ? LONG_NAME : to;
  const whole = origin === undefined || (words.labelsOnly && label !== at);
  return append((whole ? Name.root : origin).wire, out, at, to);
}

/** The octet that the backslash at `at` stands for, or -1. */
export function escaped(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at + 1];
  if (first === undefined || at + 1 >= end) return -1;
  if (!isDigit(first)) return first;
  const second = bytes[at + 2];
  const third = bytes[at + 3];
  if (at + 3 >= end || !isDigit(second) || !isDigit(third)) return -1;
  const value = (first - 0x30) * 100 + ((second ?? 0) - 0x30) * 10 + (third ?? 0) - 0x30;
  return value > 255 ? -1 : value;
}

/** True for an ASCII digit: after a backslash two more follow. */
export function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= 0x30 && octet <= 0x39;
}

function append(origin: Uint8Array, out: Uint8Array, from: number, at: number): number {
  if (at - from + origin.length > MAX_NAME_BYTES) return LONG_NAME;
  for (let index = 0; index < origin.length; index++) out[at + index] = origin[index] ?? 0;
  return at + origin.length;
}

function name(rule: NameRule): Field {
  const field: Field = {
    name: rule,
    end: plainNameEnd,
    print: (wire, at, _end, origin) => printName(wire, at, origin),
    parse: readName,
    toValue: (wire, at) => nameValue(Name.fromWire(wire, at)),
    fromValue: (value, out, zone) =>
      typeof value === 'string' && parseField(field, value, out, zone),
  };
  return field;
}
