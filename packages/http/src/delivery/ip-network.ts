/** How many leading bits make clients count as one. */
export interface NetworkBits {
  /** @defaultValue 32, so each address by itself */
  readonly ipv4Prefix?: number | undefined;
  /** A subscriber usually has a whole /64 (RFC 6177). @defaultValue 64 */
  readonly ipv6Prefix?: number | undefined;
}

/**
 * Gives a function that names the network of an IP address; `undefined` for what is none.
 *
 * @throws RangeError if a prefix is no whole number of bits of such an address
 */
export function ipNetworks(options: NetworkBits = {}): (host: string) => string | undefined {
  const { ipv4Prefix = 32, ipv6Prefix = 64 } = options;
  check('ipv4Prefix', ipv4Prefix, 32);
  check('ipv6Prefix', ipv6Prefix, 128);
  return (host) => {
    const words = parseIp(host);
    if (!words) return undefined;
    const bits = words.length === 2 ? ipv4Prefix : ipv6Prefix;
    return `${words.map((word, at) => masked(word, bits - at * 16).toString(16)).join(':')}/${bits}`;
  };
}

/** `host` in one form, an IPv4 address inside IPv6 as IPv4; `undefined` if it is no IP address. */
export function normalIp(host: string): string | undefined {
  const words = parseIp(host);
  if (!words) return undefined;
  if (words.length === 2) return words.flatMap((word) => [word >> 8, word & 255]).join('.');
  return words.map((word) => word.toString(16)).join(':');
}

/** The 2 or 8 words of an address, the most significant first. */
function parseIp(host: string): readonly number[] | undefined {
  if (host.length > 60) return undefined;
  if (!host.includes(':')) return parseIpv4(host);
  const zone = host.indexOf('%');
  const words = parseIpv6(zone < 0 ? host : host.slice(0, zone));
  const mapped = words?.[5] === 0xffff && words.slice(0, 5).every((word) => word === 0);
  return mapped ? words.slice(6) : words;
}

function parseIpv4(text: string): readonly number[] | undefined {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!found) return undefined;
  const [a = 256, b = 256, c = 256, d = 256] = found.slice(1).map(Number);
  if (a > 255 || b > 255 || c > 255 || d > 255) return undefined;
  return [(a << 8) | b, (c << 8) | d];
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(parseWords);
  if (!head) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  if (!tail || head.length + tail.length > 7) return undefined;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function parseWords(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const words: number[] = [];
  for (const [at, part] of parts.entries()) {
    const inner = at === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined;
    if (inner) words.push(...inner);
    else if (/^[\da-f]{1,4}$/i.test(part)) words.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return words;
}

function masked(word: number, bits: number): number {
  if (bits >= 16) return word;
  return bits <= 0 ? 0 : word & (0xffff0000 >> bits) & 0xffff;
}

function check(name: string, bits: number, most: number): void {
  if (Number.isInteger(bits) && bits >= 0 && bits <= most) return;
  throw new RangeError(
    `Cannot count clients as ${name} must be a whole number up to ${most}: ${bits}`,
  );
}
