// Fields that are numbers, or mnemonics of numbers.
import { formatType, parseType } from '../numbers.ts';
import { type Field, isCount, parseField } from './field.ts';
import type { Octets } from './octets.ts';
import type { Words } from './words.ts';

/** Reads the current word as a decimal number. Fails over `max`. */
export function readCount(words: Words, max: number): number {
  words.take();
  const { bytes, start, end } = words;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9 || end - start > 10) return words.fail(`it is 0 to ${max}`);
    value = value * 10 + digit;
  }
  if (value > max || start === end) words.fail(`it is 0 to ${max}`);
  return value;
}

/** See {@link widths}. */
export interface Width {
  readonly size: 1 | 2 | 4;
  readonly max: number;
}

/** How many octets a number has, and the largest one. */
export const widths = {
  u8: { size: 1, max: 0xff },
  u16: { size: 2, max: 0xffff },
  u32: { size: 4, max: 0xffff_ffff },
} as const;

/** A plain number. */
export const u8: Field = numberField(widths.u8);
/** A plain number of 16 bits. */
export const u16: Field = numberField(widths.u16);
/** A plain number of 32 bits. */
export const u32: Field = numberField(widths.u32);
/** `field` as a structured value may leave it out. */
export function optional(field: Field, fallback: number): Field {
  return { ...field, fallback };
}

/** A type of record, by its name. */
export const recordType: Field = numberField(widths.u16, {
  read: (words) => {
    words.take();
    return readType(words);
  },
  print: formatType,
});

/** The current word as a type of record. */
export function readType(words: Words): number {
  const text = words.text().toUpperCase();
  let type = typeNumbers.get(text);
  if (type === undefined) {
    try {
      type = parseType(text);
    } catch {
      return words.fail('it is no type of record');
    }
    // Bounded, as there are 65,536 types and few spellings of them that are read as one.
    if (typeNumbers.size < 1000) typeNumbers.set(text, type);
  }
  return type;
}

const typeNumbers = new Map<string, number>();

/** A field that is a number, with a text of its own or in decimal. */
export function numberField(
  { size, max }: Width,
  text: { read?: (words: Words) => number; print?: (value: number) => string } = {},
): Field {
  const { read = (words: Words): number => readCount(words, max), print = String } = text;
  const valueAt = (wire: Buffer, at: number): number => wire.readUIntBE(at, size);
  const write = (out: Octets, value: number): void => {
    if (size === 1) out.u8(value);
    else if (size === 2) out.u16(value);
    else out.u32(value);
  };
  const field: Field = {
    end: (wire, at) => (at + size <= wire.length ? at + size : -1),
    print: (wire, at) => print(valueAt(wire, at)),
    parse: (words, out) => write(out, read(words)),
    // What is printed by name, such as a type, is a name to a program too.
    toValue: (wire, at) => {
      const shown = print(valueAt(wire, at));
      return shown === String(valueAt(wire, at)) ? valueAt(wire, at) : shown;
    },
    fromValue: (value, out) => {
      if (!isCount(value, max)) {
        return (
          typeof value === 'string' && text.read !== undefined && parseField(field, value, out)
        );
      }
      write(out, value);
      return true;
    },
  };
  return field;
}
