// Fields whose form an earlier octet decides: gateways (RFC 4025, RFC 8777), host identities (RFC 8005), and the prefixes of
// A6 (RFC 2874).
import { Name, plainNameEnd } from '../name.ts';
import { formatIPv6, parseIPv6 } from './address.ts';
import { ipv4, ipv6 } from './address-fields.ts';
import { decode } from './binary-fields.ts';
import { type Field, parseField } from './field.ts';
import { foldedName, nameValue, plainName, printName, readName } from './name-field.ts';
import { readCount } from './number-fields.ts';
import type { Words } from './words.ts';

/** Nothing, an IPv4 address, an IPv6 address or a name, as the lower seven bits of the second octet say. */
export const gateway: Field = {
  end: (wire, at) => gatewayForm(wire)?.end(wire, at) ?? -1,
  print: (wire, at, end, origin) => gatewayForm(wire)?.print(wire, at, end, origin),
  parse: (words, out) => {
    const form = gatewayForm(out.bytes);
    if (form === undefined) {
      words.take();
      words.fail('gateways are of type 0 to 3');
    }
    form?.parse(words, out);
  },
};

const noGateway: Field = {
  end: (_wire, at) => at,
  print: () => '.',
  parse: (words) => {
    words.take();
    if (!words.is(0x2e)) words.fail('no gateway is written as "."');
  },
};

function gatewayForm(wire: Buffer): Field | undefined {
  return [noGateway, ipv4, ipv6, plainName][(wire[1] ?? 0) & 0x7f];
}

/** The D bit and the type of a relay, two words and one octet (RFC 8777 §4.2). */
export const relayType: Field = {
  end: (wire, at) => (at < wire.length ? at + 1 : -1),
  print: (wire, at) => `${(wire[at] ?? 0) >> 7} ${(wire[at] ?? 0) & 0x7f}`,
  parse: (words, out) => {
    const discovery = readCount(words, 1);
    out.u8((discovery << 7) | readCount(words, 127));
  },
};

/** Algorithm, host identity tag and key of HIP. The wire has both lengths first. */
export const hostIdentity: Field = {
  end: (wire, at) => {
    if (at + 4 > wire.length) return -1;
    const tagBytes = wire[at] ?? 0;
    const keyBytes = wire.readUInt16BE(at + 2);
    const end = at + 4 + tagBytes + keyBytes;
    return tagBytes > 0 && keyBytes > 0 && end <= wire.length ? end : -1;
  },
  print: (wire, at, end) => {
    const keyAt = at + 4 + (wire[at] ?? 0);
    const tag = wire.toString('hex', at + 4, keyAt).toUpperCase();
    return `${wire[at + 1] ?? 0} ${tag} ${wire.toString('base64', keyAt, end)}`;
  },
  parse: (words, out) => {
    const algorithm = readCount(words, 255);
    const tag = readWord(words, 'hex', 255);
    const key = readWord(words, 'base64', 0xffff);
    out.u8(tag.length);
    out.u8(algorithm);
    out.u16(key.length);
    out.append(tag);
    out.append(key);
  },
};

/** The length of a prefix and the rest of the address. */
export const chainedAddress: Field = {
  end: (wire, at) => {
    const prefix = wire[at] ?? 255;
    const end = at + 1 + suffixBytes(prefix);
    if (prefix > 128 || end > wire.length) return -1;
    // Bits that belong to the prefix are zero.
    return (wire[at + 1] ?? 0) >> (8 - (prefix & 7)) !== 0 && prefix < 128 ? -1 : end;
  },
  print: (wire, at, end) => {
    const address = Buffer.alloc(16);
    wire.copy(address, 16 - (end - at - 1), at + 1, end);
    return end === at + 1 ? '128' : `${wire[at] ?? 0} ${formatIPv6(address)}`;
  },
  parse: (words, out) => {
    const prefix = readCount(words, 128);
    out.u8(prefix);
    if (prefix === 128) return;
    words.take();
    const address = parseIPv6(words.text()) ?? words.fail('it is an IPv6 address');
    const from = 16 - suffixBytes(prefix);
    address[from] = (address[from] ?? 0) & (0xff >> (prefix & 7));
    out.append(address.subarray(from));
  },
};

/** The name that has the prefix; there is none for a prefix of no bits. */
export const prefixName: Field = {
  ...foldedName,
  end: (wire, at) => (wire[0] === 0 ? at : plainNameEnd(wire, at)),
  print: (wire, at, end, origin) => (at === end ? '' : printName(wire, at, origin)),
  parse: (words, out) => {
    if (out.bytes[0] !== 0) readName(words, out);
  },
  toValue: (wire, at, end) => (at === end ? '' : nameValue(Name.fromWire(wire, at))),
  fromValue: (value, out, zone) =>
    typeof value === 'string' && parseField(prefixName, value, out, zone),
};

function suffixBytes(prefix: number): number {
  return Math.floor((128 - prefix + 7) / 8);
}

function readWord(words: Words, encoding: 'hex' | 'base64', most: number): Buffer {
  words.take();
  const octets = decode(encoding, words.text());
  if (octets === undefined || octets.length === 0 || octets.length > most) {
    return words.fail(`it is one word of 1 to ${most} octets in ${encoding}`);
  }
  return octets;
}
