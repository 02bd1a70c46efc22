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

interface Width {
  readonly size: 1 | 2 | 4;
  readonly max: number;
}

const widths = {
  u8: { size: 1, max: 0xff },
  u16: { size: 2, max: 0xffff },
  u32: { size: 4, max: 0xffff_ffff },
} as const;

/** A plain number. */
export const u8: Field = number(widths.u8);
/** A plain number of 16 bits. */
export const u16: Field = number(widths.u16);
/** A plain number of 32 bits. */
export const u32: Field = number(widths.u32);
/** Seconds; text may have units, as in `1h30m`. */
export const duration: Field = number(widths.u32, {
  read: readDuration,
});

/** `field` as a structured value may leave it out. */
export function optional(field: Field, fallback: number): Field {
  return { ...field, fallback };
}

/** A type of record, by its name. */
export const recordType: Field = number(widths.u16, {
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

/** A number that text may give by a name of `names`, and that is printed as a number unless `printNames` is set. */
export function mnemonic(
  width: keyof typeof widths,
  names: Readonly<Record<string, number>>,
  printNames = false,
): Field {
  const byNumber = new Map(Object.entries(names).map(([name, value]) => [value, name]));
  return number(widths[width], {
    read: (words) => {
      words.take();
      const name = words.text().toUpperCase();
      if (Object.hasOwn(names, name)) return names[name] ?? 0;
      words.untake();
      return readCount(words, widths[width].max);
    },
    print: (value) => (printNames ? (byNumber.get(value) ?? String(value)) : String(value)),
  });
}

const algorithmNames = {
  DELETE: 0,
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  'RSASHA1-NSEC3-SHA1': 7,
  NSEC3DSA: 6,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  'ECC-GOST': 12,
  ECCGOST: 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
} as const;

/** A DNSSEC algorithm (RFC 4034 appendix A.1). */
export const algorithm: Field = mnemonic('u8', algorithmNames);

/** The kind of a certificate (RFC 4398 §2.1). */
export const certificateType: Field = mnemonic(
  'u16',
  {
    PKIX: 1,
    SPKI: 2,
    PGP: 3,
    IPKIX: 4,
    ISPKI: 5,
    IPGP: 6,
    ACPKIX: 7,
    IACPKIX: 8,
    URI: 253,
    OID: 254,
  },
  true,
);

/** A moment as DNSSEC writes it: `YYYYMMDDHHmmSS`, or seconds since 1970 (RFC 4034 §3.2). Up to 2106. */
export const moment: Field = {
  ...number(widths.u32, { read: readMoment, print: formatMoment }),
  toValue: (wire, at) => wire.readUInt32BE(at),
};

function number(
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

const unitSeconds: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** The next word as seconds: `300`, `1h30m`, in any case. */
export function readDuration(words: Words): number {
  words.take();
  const seconds = durationOf(words);
  return seconds < 0 ? words.fail('it is a number of seconds, or of units as in 1h30m') : seconds;
}

/** The current word as seconds, or -1 if it is none. */
export function durationOf({ bytes, start, end }: Words): number {
  let total = 0;
  let value = -1;
  for (let at = start; at < end; at++) {
    const octet = bytes[at] ?? 0;
    if (octet >= 0x30 && octet <= 0x39) {
      value = Math.max(value, 0) * 10 + octet - 0x30;
    } else {
      const unit = unitSeconds[String.fromCharCode(octet | 0x20)];
      if (unit === undefined || value < 0) return -1;
      total += value * unit;
      value = -1;
    }
    if (value > 0xffff_ffff || total > 0xffff_ffff) return -1;
  }
  // `1h30` has a number without unit behind one with.
  total += Math.max(value, 0);
  return end === start || total > 0xffff_ffff ? -1 : total;
}

function readMoment(words: Words): number {
  words.take();
  const text = words.text();
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (match === null) {
    if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) {
      words.fail('it is written YYYYMMDDHHmmSS, or in seconds since 1970');
    }
    return Number(text);
  }
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as Six;
  const days = daysBefore(year, month) + day - 1;
  const seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
  const exists = formatMoment(seconds) === text;
  return exists && seconds <= 0xffff_ffff
    ? seconds
    : words.fail('there is no such moment up to 2106');
}

type Six = [number, number, number, number, number, number];

function formatMoment(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  let year = 1970 + Math.floor(days / 366);
  while (daysBefore(year + 1, 1) <= days) year++;
  let month = 12;
  while (month > 1 && daysBefore(year, month) > days) month--;
  const parts = [
    month,
    days - daysBefore(year, month) + 1,
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  return String(year) + parts.map((part) => String(part).padStart(2, '0')).join('');
}

const monthStarts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

/** Days from 1970 to the first of a month (Gregorian). */
function daysBefore(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = year - 1;
  const leaps = Math.floor(last / 4) - Math.floor(last / 100) + Math.floor(last / 400) - 477;
  return (year - 1970) * 365 + leaps + (monthStarts[month - 1] ?? 0) + (leap && month > 2 ? 1 : 0);
}
