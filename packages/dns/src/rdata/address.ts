// IP addresses between text and octets (RFC 4291 §2.2, RFC 5952). Strict: no leading zeros, no ports, no zones.

/** A dot, less the code of the digit zero. */
const DOT_DIGIT = 0x2e - 0x30;

/** The four octets of dotted text, or undefined. */
export function parseIPv4(text: string): Buffer | undefined {
  const octets = Buffer.allocUnsafe(4);
  let dots = 0;
  let value = -1;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit === DOT_DIGIT && value >= 0 && dots < 3) {
      octets[dots++] = value;
      value = -1;
      continue;
    }
    // A zero stands alone.
    if (digit < 0 || digit > 9 || value === 0) return undefined;
    value = Math.max(value, 0) * 10 + digit;
    if (value > 255) return undefined;
  }
  if (dots < 3 || value < 0) return undefined;
  octets[3] = value;
  return octets;
}

/** The sixteen octets of an IPv6 address, or undefined. A dotted tail is accepted, a zone such as `%eth0` is not. */
export function parseIPv6(text: string): Buffer | undefined {
  if (text.length > 45) return undefined;
  const tail = text.slice(text.lastIndexOf(':') + 1);
  let source = text;
  if (tail.includes('.')) {
    const v4 = parseIPv4(tail);
    if (v4 === undefined) return undefined;
    const groups = `${v4.readUInt16BE(0).toString(16)}:${v4.readUInt16BE(2).toString(16)}`;
    source = text.slice(0, text.length - tail.length) + groups;
  }
  const halves = source.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const rest = halves.length === 2 ? groupsOf(halves[1] ?? '') : [];
  if (head === undefined || rest === undefined) return undefined;
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const octets = Buffer.alloc(16);
  head.forEach((group, index) => octets.writeUInt16BE(group, index * 2));
  rest.forEach((group, index) => octets.writeUInt16BE(group, (8 - rest.length + index) * 2));
  return octets;
}

/** Text of four octets. */
export function formatIPv4(octets: Uint8Array): string {
  return octets.join('.');
}

/** Text of sixteen octets as RFC 5952 wants it: lower case, the longest run of two or more zero groups as `::`. */
export function formatIPv6(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
  );
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

function groupsOf(half: string): number[] | undefined {
  if (half === '') return [];
  const parts = half.split(':');
  return parts.every((part) => /^[\da-f]{1,4}$/i.test(part))
    ? parts.map((part) => Number.parseInt(part, 16))
    : undefined;
}
