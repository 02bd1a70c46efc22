import { ipBytes, ipFamily } from './ip-literal.ts';

/**
 * The 4 or 16 bytes of an address in text form; `undefined` if it is none. An IPv4-mapped IPv6 address gives the 4
 * bytes of the IPv4 one, and a zone such as `%eth0` is left out.
 */
export function parseIp(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%');
  // Only IPv6 has zones, and not every text is one.
  if (zone >= 0 && !ipFamily(text)) return undefined;
  const bytes = ipBytes(zone < 0 ? text : text.slice(0, zone));
  return bytes && isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/** An address of 4 or 16 bytes as text, IPv6 in its shortest form (RFC 5952). */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  const { start, length } = longestZeros(groups);
  const text = (list: readonly number[]): string => list.map((each) => each.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** True for `::ffff:0:0/96`, the IPv4 addresses inside IPv6 (RFC 4291 §2.5.5.2). */
export function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  return bytes.subarray(0, 10).every((each) => each === 0);
}

/** The first `bits` bits of an address, as a key for maps: equal for addresses of the same network and family. */
export function networkKey(ip: Uint8Array, bits: number): string {
  const whole = bits >> 3;
  let key = ip.length === 4 ? '4' : '6';
  for (let at = 0; at < whole; at++) key += String.fromCharCode(ip[at] ?? 0);
  const rest = bits & 7;
  if (rest > 0) key += String.fromCharCode((ip[whole] ?? 0) & (0xff00 >> rest) & 0xff);
  return key;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= groups.length; at++) {
    if (groups[at] === 0) continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  return best;
}
