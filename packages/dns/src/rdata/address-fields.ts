// Addresses of one kind or another in RDATA.
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './address.ts';
import type { Field } from './field.ts';

/** A dot, less the code of the digit zero. */
const DOT_DIGIT = 0x2e - 0x30;

/** An IPv4 address. Most records are one, so its octets are read without making text of them. */
export const ipv4: Field = {
  ...fixed(4, 'it is an IPv4 address', formatIPv4, parseIPv4),
  parse: (words, out) => {
    words.take();
    const { bytes, start, end } = words;
    let dots = 0;
    let value = -1;
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] ?? 0) - 0x30;
      if (digit === DOT_DIGIT && value >= 0 && value <= 255 && dots < 3) {
        out.u8(value);
        dots++;
        value = -1;
      } else if (digit < 0 || digit > 9 || value === 0 || value > 25) {
        // A zero stands alone, and 25 may get one digit more.
        return words.fail('it is an IPv4 address');
      } else value = Math.max(value, 0) * 10 + digit;
    }
    if (dots < 3 || value < 0 || value > 255) return words.fail('it is an IPv4 address');
    out.u8(value);
  },
};
/** An IPv6 address. */
export const ipv6: Field = fixed(16, 'it is an IPv6 address', formatIPv6, parseIPv6);
/** A MAC address: `00-00-5e-00-53-2a` (RFC 7043 §3). */
export const eui48: Field = fixed(6, 'it is six octets such as 00-00-5e-00-53-2a', ...pairs(6));
/** `00-00-5e-ef-10-00-00-2a` (RFC 7043 §4). */
export const eui64: Field = fixed(
  8,
  'it is eight octets such as 00-00-5e-ef-10-00-00-2a',
  ...pairs(8),
);
/** Eight octets as four groups: `0014:4fff:ff20:ee64` (RFC 6742 §2.1). */
export const node64: Field = fixed(
  8,
  'it is four groups such as 0014:4fff:ff20:ee64',
  (octets) =>
    [0, 2, 4, 6]
      .map((at) => (((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16).padStart(4, '0'))
      .join(':'),
  (text) => {
    if (!/^(?:[\da-f]{1,4}:){3}[\da-f]{1,4}$/i.test(text)) return undefined;
    return Buffer.from(
      text
        .split(':')
        .map((group) => group.padStart(4, '0'))
        .join(''),
      'hex',
    );
  },
);

/** A number of 64 bits. */
export const u64: Field = fixed(
  8,
  'it is 0 to 18446744073709551615',
  (octets) => Buffer.from(octets).readBigUInt64BE().toString(),
  (text) => {
    if (!/^\d{1,20}$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) return undefined;
    const octets = Buffer.alloc(8);
    octets.writeBigUInt64BE(BigInt(text));
    return octets;
  },
);

/** An OSI address, up to the end: `0x47.0005.80` (RFC 1706 §5). */
export const nsap: Field = {
  end: (wire, at) => (at < wire.length ? wire.length : -1),
  print: (wire, at, end) => `0x${wire.toString('hex', at, end)}`,
  parse: (words, out) => {
    words.take();
    const digits = words.text().replaceAll('.', '');
    if (!/^0x(?:[\da-f]{2})+$/i.test(digits)) words.fail('it is hexadecimal such as 0x47.0005.80');
    out.append(Buffer.from(digits.slice(2), 'hex'));
  },
};

function fixed(
  size: number,
  rule: string,
  format: (octets: Uint8Array) => string,
  read: (text: string) => Buffer | undefined,
): Field {
  return {
    end: (wire, at) => (at + size <= wire.length ? at + size : -1),
    print: (wire, at, end) => format(wire.subarray(at, end)),
    parse: (words, out) => {
      words.take();
      out.append(read(words.text()) ?? words.fail(rule));
    },
    fromValue: (value, out) => {
      const octets = typeof value === 'string' ? read(value) : undefined;
      if (octets !== undefined) out.append(octets);
      return octets !== undefined;
    },
  };
}

function pairs(
  count: number,
): [format: (octets: Uint8Array) => string, read: (text: string) => Buffer | undefined] {
  const pattern = new RegExp(`^[\\da-f]{2}(?:-[\\da-f]{2}){${count - 1}}$`, 'i');
  return [
    (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('-'),
    (text) => (pattern.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : undefined),
  ];
}
