// Octets that text shows in hexadecimal, base64 or base32 (RFC 4648).
import type { Field } from './field.ts';
import type { Octets } from './octets.ts';
import type { Words } from './words.ts';

type Encoding = 'hex' | 'base64';

/** Octets up to the end, at least one, in hexadecimal. */
export const hex: Field = rest('hex', 1);
/** Octets up to the end, at least one, in base64. */
export const base64: Field = rest('base64', 1);
/** Octets up to the end, possibly none, in base64. */
export const base64OrNothing: Field = rest('base64', 0);

/** Octets up to the end in base64, none of them written as `-`. */
export const base64OrDash: Field = {
  ...base64OrNothing,
  print: (wire, at, end) => (at === end ? '-' : wire.toString('base64', at, end)),
  parse: (words, out) => {
    words.take();
    if (words.is(0x2d)) return;
    words.untake();
    base64OrNothing.parse(words, out);
  },
  toValue: (wire, at, end) => wire.toString('base64', at, end),
};

/**
 * A digest up to the end, in hexadecimal. Its length must be that of the algorithm, which the octet at `kindAt` names; those
 * not in `lengths` may have any.
 */
export function digest(kindAt: number, lengths: Readonly<Record<number, number>>): Field {
  return {
    ...hex,
    end: (wire, at) => {
      const expected = lengths[wire[kindAt] ?? 0];
      const length = wire.length - at;
      return length > 0 && (expected === undefined || expected === length) ? wire.length : -1;
    },
    parse: (words, out) => {
      const from = out.length;
      hex.parse(words, out);
      const expected = lengths[out.bytes[kindAt] ?? 0];
      if (expected !== undefined && out.length - from !== expected) {
        words.fail(`a digest of this kind has ${expected} octets`);
      }
    },
  };
}

/** The salt of NSEC3: a length, then hexadecimal or `-` (RFC 5155 §3.3). */
export const salt: Field = {
  end: (wire, at) => {
    const end = at + 1 + (wire[at] ?? wire.length);
    return end <= wire.length ? end : -1;
  },
  print: (wire, at, end) => (end === at + 1 ? '-' : wire.toString('hex', at + 1, end)),
  parse: (words, out) => {
    words.take();
    const text = words.is(0x2d) ? '' : words.text();
    const octets = decode('hex', text);
    if (octets === undefined || octets.length > 255) {
      return words.fail('a salt is "-" or up to 255 octets in hexadecimal');
    }
    out.u8(octets.length);
    out.append(octets);
  },
};

const BASE32 = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** A hashed name: a length, then base32 with the extended hex alphabet and no padding (RFC 5155 §3.3). */
export const hashedName: Field = {
  end: (wire, at) => {
    const length = wire[at] ?? 0;
    const end = at + 1 + length;
    return length > 0 && end <= wire.length ? end : -1;
  },
  print: (wire, at, end) => toBase32Hex(wire.subarray(at + 1, end)),
  parse: (words, out) => {
    words.take();
    const octets = fromBase32Hex(words.text());
    if (octets === undefined || octets.length === 0 || octets.length > 255) {
      return words.fail('a hashed name is written in base32hex');
    }
    out.u8(octets.length);
    out.append(octets);
  },
};

/** Base32 with the extended hex alphabet, upper case, without padding (RFC 4648 §7). */
export function toBase32Hex(octets: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const octet of octets) {
    value = ((value << 8) | octet) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >>> bits) & 31] ?? '';
    }
  }
  return bits > 0 ? text + (BASE32[(value << (5 - bits)) & 31] ?? '') : text;
}

/** What {@link toBase32Hex} made, in any case; undefined if nothing could have made it. */
function fromBase32Hex(text: string): Buffer | undefined {
  const octets = Buffer.alloc(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const char of text.toUpperCase()) {
    const digit = BASE32.indexOf(char);
    if (digit < 0) return undefined;
    value = ((value << 5) | digit) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets[at++] = value >>> bits;
    }
  }
  const spare = value & ((1 << bits) - 1);
  return bits >= 5 || spare !== 0 ? undefined : octets;
}

function rest(encoding: Encoding, least: number): Field {
  return {
    end: (wire, at) => (wire.length - at >= least ? wire.length : -1),
    print: (wire, at, end) =>
      encoding === 'hex'
        ? wire.toString('hex', at, end).toUpperCase()
        : wire.toString('base64', at, end),
    parse: (words, out) => readRest(words, out, encoding, least),
    fromValue: (value, out) => {
      const octets =
        typeof value === 'string' ? decode(encoding, value.replace(/\s+/g, '')) : value;
      if (!(octets instanceof Uint8Array) || octets.length < least) return false;
      out.append(octets);
      return true;
    },
  };
}

/** The rest of the words is one run of digits, cut anywhere. */
function readRest(words: Words, out: Octets, encoding: Encoding, least: number): void {
  if (!words.more && least === 0) return;
  let text = '';
  do {
    words.take();
    text += words.text();
  } while (words.more);
  const octets = decode(encoding, text);
  if (octets === undefined || octets.length < least) {
    return words.fail(
      `it is written in ${encoding === 'hex' ? 'hexadecimal, two digits an octet' : 'base64'}`,
    );
  }
  out.append(octets);
}

/** Octets of `text`, or undefined unless it is exactly what they are encoded as. */
export function decode(encoding: Encoding, text: string): Buffer | undefined {
  const valid =
    encoding === 'hex'
      ? /^(?:[\da-f]{2})*$/i.test(text)
      : text.length % 4 === 0 && /^[\d+/a-z]*={0,2}$/i.test(text);
  return valid ? Buffer.from(text, encoding) : undefined;
}
