import { formatIp, parseIp } from '@hawser/core';

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
    const ip = parseIp(host);
    if (!ip) return undefined;
    const bits = ip.length === 4 ? ipv4Prefix : ipv6Prefix;
    return `${formatIp(ip.map((byte, at) => masked(byte, bits - at * 8)))}/${bits}`;
  };
}

/** `host` in one form, an IPv4 address inside IPv6 as IPv4; `undefined` if it is no IP address. */
export function normalIp(host: string): string | undefined {
  const ip = parseIp(host);
  return ip && formatIp(ip);
}

/** The first `bits` of a byte. */
function masked(byte: number, bits: number): number {
  if (bits >= 8) return byte;
  return bits <= 0 ? 0 : byte & (0xff00 >> bits);
}

function check(name: string, bits: number, most: number): void {
  if (Number.isInteger(bits) && bits >= 0 && bits <= most) return;
  throw new RangeError(
    `Cannot count clients as ${name} must be a whole number up to ${most}: ${bits}`,
  );
}
