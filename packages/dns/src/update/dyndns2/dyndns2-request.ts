// What a dyndns2 client asks for, from the query string (or the same in a form).
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '../../rdata/address.ts';

/** What is to become of the addresses of one family. */
export type FamilyWish =
  | { readonly kind: 'keep' }
  | { readonly kind: 'set'; readonly addresses: readonly string[] }
  /** The first bits of each address that is there become these. */
  | {
      readonly kind: 'prefix';
      readonly octets: Buffer;
      readonly bits: number;
      readonly rules: AddressRules;
    };

/** A wish for each family. Setting none deletes. */
export interface AddressWish {
  readonly A: FamilyWish;
  readonly AAAA: FamilyWish;
}

/** What counts as an address. */
export interface AddressRules {
  /** An empty parameter deletes what there is of its family, instead of saying nothing. */
  readonly emptyDeletes: boolean;
  readonly loopback: boolean;
}

/** Addresses of one family that one update may set. */
const MAX_ADDRESSES = 8;
const keep: FamilyWish = { kind: 'keep' };
const none: FamilyWish = { kind: 'set', addresses: [] };

/** Parameters and the families they may speak of. */
const parameters: readonly (readonly [string, readonly Family[]])[] = [
  ['myip', ['A', 'AAAA']],
  ['ip', ['A', 'AAAA']],
  ['myipv4', ['A']],
  ['myipv6', ['AAAA']],
  ['ipv6', ['AAAA']],
];
/** Whose emptiness is about which family. */
const emptied: Readonly<Record<string, Family>> = {
  myip: 'A',
  ip: 'A',
  myipv4: 'A',
  myipv6: 'AAAA',
  ipv6: 'AAAA',
};

type Family = 'A' | 'AAAA';

/** The host names asked for, in their order. */
export function hostsOf(query: URLSearchParams): string[] {
  const list = query.get('hostname') ?? '';
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
 * What is to become of the addresses: `myip` and `ip` (several, of both families), `myipv4`, `myipv6`, `ipv6`; without any
 * of them that of the client, and only its family. `a/len` replaces a prefix, `preserve` keeps, `offline=YES` deletes.
 * Undefined if one of them is no address a host could have.
 */
export function addressesOf(
  query: URLSearchParams,
  client: string | undefined,
  rules: AddressRules,
): AddressWish | undefined {
  if (query.get('offline')?.toUpperCase() === 'YES') return { A: none, AAAA: none };
  const collected: Record<Family, Collected> = { A: collect(), AAAA: collect() };
  let said = false;
  for (const [name, families] of parameters) {
    for (const list of query.getAll(name)) {
      const texts = list
        .split(',')
        .map((text) => text.trim())
        .filter((text) => text !== '');
      if (texts.length > 0) said = true;
      else if (rules.emptyDeletes) {
        said = true;
        collected[emptied[name] ?? 'A'].emptied = true;
      }
      if (!texts.every((text) => take(collected, families, { text, rules }))) return undefined;
    }
  }
  if (!said && (client === undefined || !take(collected, ['A', 'AAAA'], { text: client, rules })))
    return undefined;
  const A = wishOf(collected.A);
  const AAAA = wishOf(collected.AAAA);
  return A === undefined || AAAA === undefined ? undefined : { A, AAAA };
}

/** The address `held` with the first bits of `wish`; undefined if that is none a host could have. */
export function withPrefix(
  wish: FamilyWish & { readonly kind: 'prefix' },
  held: Uint8Array,
): string | undefined {
  const octets = Buffer.from(held);
  for (let bit = 0; bit < wish.bits; bit += 8) {
    const at = bit >> 3;
    const taken = Math.min(8, wish.bits - bit);
    const mask = (0xff << (8 - taken)) & 0xff;
    octets[at] = ((wish.octets[at] ?? 0) & mask) | ((octets[at] ?? 0) & ~mask);
  }
  if (!isHostAddress(octets, wish.rules)) return undefined;
  return octets.length === 4 ? formatIPv4(octets) : formatIPv6(octets);
}

interface Collected {
  readonly addresses: Set<string>;
  prefix: (FamilyWish & { readonly kind: 'prefix' }) | undefined;
  preserved: boolean;
  emptied: boolean;
}

function collect(): Collected {
  return { addresses: new Set(), prefix: undefined, preserved: false, emptied: false };
}

/** False for what is no address of one of `families`. */
function take(
  collected: Record<Family, Collected>,
  families: readonly Family[],
  { text, rules }: { readonly text: string; readonly rules: AddressRules },
): boolean {
  if (text.toLowerCase() === 'preserve') {
    for (const family of families) collected[family].preserved = true;
    return true;
  }
  const [host = '', length, ...rest] = text.split('/');
  if (rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return false;
  const octets = octetsOf(host);
  if (octets === undefined) return false;
  const family = octets.length === 4 ? 'A' : 'AAAA';
  if (!families.includes(family)) return false;
  const into = collected[family];
  const all = octets.length * 8;
  const bits = length === undefined ? all : Number(length);
  if (bits > all || bits < 1) return false;
  if (bits < all) {
    if (into.prefix !== undefined) return false;
    into.prefix = { kind: 'prefix', octets, bits, rules };
    return true;
  }
  if (!isHostAddress(octets, rules)) return false;
  into.addresses.add(family === 'A' ? formatIPv4(octets) : formatIPv6(octets));
  return true;
}

/** Undefined for wishes that cannot both be granted. */
function wishOf({
  addresses,
  prefix,
  preserved,
  emptied: isEmptied,
}: Collected): FamilyWish | undefined {
  if (addresses.size > MAX_ADDRESSES) return undefined;
  if (prefix !== undefined) return addresses.size > 0 ? undefined : prefix;
  if (addresses.size > 0) return { kind: 'set', addresses: [...addresses] };
  return isEmptied && !preserved ? none : keep;
}

/** The octets of an address. IPv4 in IPv6 clothes becomes IPv4. */
function octetsOf(text: string): Buffer | undefined {
  const v6 = parseIPv6(text);
  if (v6 === undefined) return parseIPv4(text);
  const mapped = v6.readUInt16BE(10) === 0xffff && v6.subarray(0, 10).every((octet) => octet === 0);
  return mapped ? Buffer.from(v6.subarray(12)) : v6;
}

/** False for what nobody else could reach: "this" network, loopback, link-local, multicast and above (RFC 6890). */
function isHostAddress(octets: Buffer, { loopback }: AddressRules): boolean {
  const first = octets[0] ?? 0;
  if (octets.length === 4) return first !== 0 && first < 224 && (loopback || first !== 127);
  if (first === 0xff || (octets.readUInt16BE(0) & 0xffc0) === 0xfe80) return false;
  const low = octets.subarray(0, 15).every((octet) => octet === 0);
  if (!low) return true;
  return loopback && octets[15] === 1;
}
