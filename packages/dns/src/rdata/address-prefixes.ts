// Lists of address prefixes (RFC 3123): `1:192.0.2.0/24 !2:2001:db8::/32`.
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './address.ts';
import type { Field } from './field.ts';
import type { Words } from './words.ts';

const NEGATED = 0x80;
const sizes = new Map([
  [1, 4],
  [2, 16],
]);

/** Any number of prefixes, up to the end. */
export const addressPrefixes: Field = {
  end: (wire, at) => {
    let item = at;
    while (item < wire.length) {
      if (item + 4 > wire.length) return -1;
      const length = (wire[item + 3] ?? 0) & 0x7f;
      const end = item + 4 + length;
      // Octets of zero at the end are left out (§4).
      if (end > wire.length || (length > 0 && wire[end - 1] === 0)) return -1;
      const size = sizes.get(wire.readUInt16BE(item));
      if (size !== undefined && (length > size || (wire[item + 2] ?? 0) > size * 8)) return -1;
      item = end;
    }
    return item;
  },
  print: (wire, at, end) => {
    const items: string[] = [];
    for (let item = at; item < end; item += 4 + ((wire[item + 3] ?? 0) & 0x7f)) {
      const text = formatItem(wire, item);
      // Only families with an address format of their own have text.
      if (text === undefined) return undefined;
      items.push(text);
    }
    return items.join(' ');
  },
  parse: (words, out) => {
    while (words.more) out.append(readItem(words));
  },
};

function formatItem(wire: Buffer, item: number): string | undefined {
  const family = wire.readUInt16BE(item);
  const size = sizes.get(family);
  if (size === undefined) return undefined;
  const flags = wire[item + 3] ?? 0;
  const address = Buffer.alloc(size);
  wire.copy(address, 0, item + 4, item + 4 + (flags & 0x7f));
  const text = family === 1 ? formatIPv4(address) : formatIPv6(address);
  return `${flags & NEGATED ? '!' : ''}${family}:${text}/${wire[item + 2] ?? 0}`;
}

function readItem(words: Words): Buffer {
  words.take();
  const match = /^(!?)([12]):([\d.:a-f]+)\/(\d{1,3})$/i.exec(words.text());
  const family = Number(match?.[2]);
  const address = family === 1 ? parseIPv4(match?.[3] ?? '') : parseIPv6(match?.[3] ?? '');
  const prefix = Number(match?.[4]);
  if (match === null || address === undefined || prefix > address.length * 8) {
    return words.fail('it is a prefix such as 1:192.0.2.0/24 or !2:2001:db8::/32');
  }
  let length = address.length;
  while (length > 0 && address[length - 1] === 0) length--;
  const head = Buffer.from([0, family, prefix, length | (match[1] === '' ? 0 : NEGATED)]);
  return Buffer.concat([head, address.subarray(0, length)]);
}
