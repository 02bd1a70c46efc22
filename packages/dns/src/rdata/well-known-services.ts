// Ports a host listens on, as bits (RFC 1035 §3.4.2). Nobody should publish them any more (RFC 1123 §2.2).
import type { Field } from './field.ts';
import { readCount } from './number-fields.ts';
import type { Words } from './words.ts';

const protocols: Readonly<Record<string, number>> = { TCP: 6, UDP: 17 };
const services: Readonly<Record<string, number>> = {
  ECHO: 7,
  DISCARD: 9,
  DAYTIME: 13,
  FTP: 21,
  SSH: 22,
  TELNET: 23,
  SMTP: 25,
  TIME: 37,
  DOMAIN: 53,
  TFTP: 69,
  FINGER: 79,
  HTTP: 80,
  POP3: 110,
  SUNRPC: 111,
  NNTP: 119,
  NTP: 123,
  IMAP: 143,
  SNMP: 161,
  HTTPS: 443,
};

/** A protocol, then ports up to the end. */
export const wellKnownServices: Field = {
  end: (wire, at) => (at < wire.length && wire.length - at <= 1 + 8192 ? wire.length : -1),
  print: (wire, at, end) => {
    // Text does not tell octets without a bit at the end.
    if (end > at + 1 && wire[end - 1] === 0) return undefined;
    const parts = [wire[at] ?? 0];
    for (let bit = 0; bit < (end - at - 1) * 8; bit++) {
      if ((wire[at + 1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) parts.push(bit);
    }
    return parts.join(' ');
  },
  parse: (words, out) => {
    out.u8(readNumber(words, protocols, 255));
    const bits = Buffer.alloc(8192);
    let length = 0;
    while (words.more) {
      const port = readNumber(words, services, 0xffff);
      bits[port >> 3] = (bits[port >> 3] ?? 0) | (0x80 >> (port & 7));
      length = Math.max(length, (port >> 3) + 1);
    }
    out.append(bits.subarray(0, length));
  },
};

function readNumber(words: Words, names: Readonly<Record<string, number>>, most: number): number {
  words.take();
  const name = words.text().toUpperCase();
  if (Object.hasOwn(names, name)) return names[name] ?? 0;
  words.untake();
  return readCount(words, most);
}
