// IP addresses as text and as bytes (RFC 4291 §2.2, RFC 4007 §11), for the code that may not ask node.

/** The family of an IP address in text form; `undefined` if `host` is a name. IPv6 may have a zone: `fe80::1%eth0`. */
export function ipFamily(host: string): 4 | 6 | undefined {
  if (bytesOfIPv4(host)) return 4;
  const [address = '', ...zone] = host.split('%');
  if (zone.length > 0 && !/^[\w.~-]+$/.test(zone.join('%'))) return undefined;
  return bytesOfIPv6(address) ? 6 : undefined;
}

/** The 4 or 16 bytes of an IP address without a zone, in network order; `undefined` if `host` is something else. */
export function ipBytes(host: string): Buffer | undefined {
  return bytesOfIPv4(host) ?? bytesOfIPv6(host);
}

/** Strict: `010` is octal to some and decimal to others, so it is no address. */
function bytesOfIPv4(text: string): Buffer | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(isOctet)) return undefined;
  return Buffer.from(parts.map(Number));
}

function isOctet(part: string): boolean {
  return /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255;
}

function bytesOfIPv6(text: string): Buffer | undefined {
  if (text.length > 45) return undefined;
  const [head, tail, ...more] = text.split('::');
  if (head === undefined || more.length > 0) return undefined;
  const before = groupsOf(head, tail === undefined);
  const after = tail === undefined ? [] : groupsOf(tail, true);
  if (!before || !after) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const bytes = Buffer.alloc(16);
  before.forEach((group, i) => bytes.writeUInt16BE(group, i * 2));
  after.forEach((group, i) => bytes.writeUInt16BE(group, 16 - (after.length - i) * 2));
  return bytes;
}

/** The 16-bit groups of one side of `::`; the very last may be IPv4. */
function groupsOf(half: string, isLast: boolean): number[] | undefined {
  if (half === '') return [];
  const parts = half.split(':');
  const v4 = isLast ? bytesOfIPv4(parts.at(-1) ?? '') : undefined;
  const plain = v4 ? parts.slice(0, -1) : parts;
  if (!plain.every((part) => /^[\da-f]{1,4}$/i.test(part))) return undefined;
  const groups = plain.map((part) => Number.parseInt(part, 16));
  return v4 ? [...groups, v4.readUInt16BE(0), v4.readUInt16BE(2)] : groups;
}
