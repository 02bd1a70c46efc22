import { parseIp } from '@hawser/core';
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';

/**
 * The name that tells who has an address: `"4.3.2.1.in-addr.arpa"` (RFC 1035 §3.5), `"….ip6.arpa"` (RFC 3596 §2.5).
 * @throws UsageError `HAWSER_DNS_NAME` for text that is no IP address
 */
export function reverseName(address: string): Name {
  const octets = parseIp(address);
  if (octets === undefined)
    throw usageError('HAWSER_DNS_NAME', `Cannot look up "${address}" as it is no IP address`);
  if (octets.length === 4) return Name.parse(`${[...octets].reverse().join('.')}.in-addr.arpa`);
  const nibbles = Array.from(octets, (octet) => [octet & 15, octet >> 4])
    .reverse()
    .flat()
    .map((nibble) => nibble.toString(16));
  return Name.parse(`${nibbles.join('.')}.ip6.arpa`);
}
