import { networkKey, parseIp } from '../connection/ip-address.ts';
import type { Address } from '../contract/address.ts';

/** How many leading bits make peers count as one. */
export interface PeerNetworkOptions {
  /** @defaultValue 32, so each address by itself */
  readonly ipv4Prefix?: number | undefined;
  /** A subscriber usually has a whole /64 (RFC 6177). @defaultValue 64 */
  readonly ipv6Prefix?: number | undefined;
}

/**
 * Gives a function that names the network of a peer, for counting by it; `undefined` for a peer without an IP address,
 * which is on this machine.
 *
 * @throws RangeError if a prefix is no whole number of bits of such an address
 */
export function peerNetworks(options: PeerNetworkOptions): (peer: Address) => string | undefined {
  const { ipv4Prefix = 32, ipv6Prefix = 64 } = options;
  check('ipv4Prefix', ipv4Prefix, 32);
  check('ipv6Prefix', ipv6Prefix, 128);
  return (peer) => {
    const ip = 'host' in peer ? parseIp(peer.host) : undefined;
    return ip && networkKey(ip, ip.length === 4 ? ipv4Prefix : ipv6Prefix);
  };
}

function check(name: string, bits: number, most: number): void {
  if (Number.isInteger(bits) && bits >= 0 && bits <= most) return;
  throw new RangeError(
    `Cannot count peers as ${name} must be a whole number up to ${most}: ${bits}`,
  );
}
