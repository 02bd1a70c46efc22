// What a dyndns2 client asks for, from the query string (or the same in a form).
import type { Address } from '@hawser/core';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '../rdata/address.ts';

/** Values for each family: `undefined` leaves what there is, an empty list deletes. */
export interface AddressUpdate {
  readonly A: readonly string[] | undefined;
  readonly AAAA: readonly string[] | undefined;
}

/** Addresses of one family that one update may set. */
const MAX_ADDRESSES = 8;

/** The host names asked for, in their order. */
export function hostsOf(parameters: URLSearchParams): string[] {
  const list = parameters.get('hostname') ?? '';
  return list
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '' && host.toUpperCase() !== 'YES');
}

/** User and token of an `Authorization: Basic` header (RFC 7617). */
export function basicCredentials(
  header: string | null,
): { user: string; token: string } | undefined {
  const encoded = /^basic +([\w+/=-]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), token: text.slice(colon + 1) };
}

/**
 * The addresses to set: `myip` and `ip` (several, of both families), `myipv4`, `myipv6`, `ipv6`; without any of them that
 * of the peer. Undefined if one of them is no address a host could have. `offline=YES` deletes both families.
 */
export function addressesOf(
  parameters: URLSearchParams,
  peer: Address | undefined,
): AddressUpdate | undefined {
  if (parameters.get('offline')?.toUpperCase() === 'YES') return { A: [], AAAA: [] };
  const given = ['myip', 'ip', 'myipv4', 'myipv6', 'ipv6']
    .flatMap((name) => parameters.getAll(name))
    .flatMap((list) => list.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (given.length > 0) return parseAddresses(given);
  return peer !== undefined && 'host' in peer ? parseAddresses([peer.host]) : undefined;
}

function parseAddresses(list: readonly string[]): AddressUpdate | undefined {
  const v4 = new Set<string>();
  const v6 = new Set<string>();
  for (const text of list) {
    const address = normalise(text);
    if (address === undefined) return undefined;
    (address.includes(':') ? v6 : v4).add(address);
  }
  if (v4.size > MAX_ADDRESSES || v6.size > MAX_ADDRESSES) return undefined;
  return { A: v4.size > 0 ? [...v4] : undefined, AAAA: v6.size > 0 ? [...v6] : undefined };
}

/** Canonical text of an address. IPv4 in IPv6 clothes becomes IPv4. Undefined for what no host has. */
function normalise(text: string): string | undefined {
  const v6 = parseIPv6(text);
  const mapped =
    v6 !== undefined &&
    v6.readUInt16BE(10) === 0xffff &&
    v6.subarray(0, 10).every((octet) => octet === 0);
  const v4 = mapped ? v6.subarray(12) : parseIPv4(text);
  if (v4 !== undefined) {
    const first = v4[0] ?? 0;
    // "This" network, multicast and above (RFC 6890).
    return first === 0 || first >= 224 ? undefined : formatIPv4(v4);
  }
  if (v6 === undefined || v6[0] === 0xff || v6.every((octet) => octet === 0)) return undefined;
  return formatIPv6(v6);
}
