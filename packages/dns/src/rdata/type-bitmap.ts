// Sets of types as bits (RFC 4034 §4.1.2): windows of 256 types, each with the octets it needs.
import { formatType, parseType } from '../numbers.ts';
import type { Field } from './field.ts';
import { isCount } from './field.ts';
import { readType } from './number-fields.ts';
import type { Octets } from './octets.ts';

/** A set of types, possibly empty, up to the end. A program writes a list of their names. */
export const typesOrNone: Field = bitmap(true);
/** A set of types up to the end, with at least one in it. */
export const types: Field = bitmap(false);

/** The first 128 types as plain bits, up to the end (RFC 2535 §5.2). */
export const firstTypes: Field = {
  end: (wire, at) => {
    const length = wire.length - at;
    const valid = length > 0 && length <= 16 && wire[wire.length - 1] !== 0;
    return valid && ((wire[at] ?? 0) & 0x80) === 0 ? wire.length : -1;
  },
  print: (wire, at, end) => firstTypesIn(wire, at, end).map(formatType).join(' '),
  parse: (words, out) => {
    const bits = Buffer.alloc(16);
    let length = 0;
    do {
      words.take();
      const type = readType(words);
      if (type === 0 || type > 127) words.fail('types above 127 have no bit here');
      bits[type >> 3] = (bits[type >> 3] ?? 0) | (0x80 >> (type & 7));
      length = Math.max(length, (type >> 3) + 1);
    } while (words.more);
    out.append(bits.subarray(0, length));
  },
};

function firstTypesIn(wire: Buffer, at: number, end: number): number[] {
  const window = Buffer.concat([Uint8Array.of(0, end - at), wire.subarray(at, end)]);
  return typesIn(window, 0);
}

/** The numbers in the bitmap of `wire` from `at`, in their order. */
export function typesIn(wire: Uint8Array, at: number): number[] {
  const found: number[] = [];
  for (let window = at; window < wire.length; ) {
    const length = wire[window + 1] ?? 0;
    for (let octet = 0; octet < length; octet++) {
      const bits = wire[window + 2 + octet] ?? 0;
      for (let bit = 0; bit < 8; bit++) {
        if (bits & (0x80 >> bit)) found.push((wire[window] ?? 0) * 256 + octet * 8 + bit);
      }
    }
    window += 2 + length;
  }
  return found;
}

/** The bitmap of a set of types. */
export function encodeTypeBitmap(numbers: Iterable<number>): Buffer {
  const windows = new Map<number, Buffer>();
  for (const number of [...numbers].sort((one, other) => one - other)) {
    const window = windows.get(number >> 8) ?? Buffer.alloc(34);
    windows.set(number >> 8, window);
    const octet = (number & 0xff) >> 3;
    window[0] = number >> 8;
    window[1] = octet + 1;
    window[2 + octet] = (window[2 + octet] ?? 0) | (0x80 >> (number & 7));
  }
  return Buffer.concat(
    [...windows.values()].map((window) => window.subarray(0, 2 + (window[1] ?? 0))),
  );
}

function bitmap(mayBeEmpty: boolean): Field {
  return {
    end: (wire, at) => {
      if (at === wire.length) return mayBeEmpty ? at : -1;
      let window = at;
      let least = 0;
      while (window < wire.length) {
        const length = wire[window + 1] ?? 0;
        const end = window + 2 + length;
        const number = wire[window] ?? 0;
        // Windows rise, none is empty, and none ends in an octet without a bit.
        if (number < least || length === 0 || length > 32 || end > wire.length) return -1;
        if (wire[end - 1] === 0) return -1;
        least = number + 1;
        window = end;
      }
      return window;
    },
    print: (wire, at) => typesIn(wire, at).map(formatType).join(' '),
    parse: (words, out) => {
      const numbers: number[] = [];
      if (!mayBeEmpty || words.more) {
        do {
          words.take();
          numbers.push(readType(words));
        } while (words.more);
      }
      out.append(encodeTypeBitmap(numbers));
    },
    toValue: (wire, at) => typesIn(wire, at).map(formatType),
    fromValue: writeTypes,
  };
}

function writeTypes(value: unknown, out: Octets): boolean {
  if (!Array.isArray(value)) return false;
  const numbers: number[] = [];
  for (const each of value as unknown[]) {
    const number = typeof each === 'string' ? parseType(each) : each;
    if (!isCount(number, 0xffff)) return false;
    numbers.push(number);
  }
  out.append(encodeTypeBitmap(numbers));
  return true;
}
