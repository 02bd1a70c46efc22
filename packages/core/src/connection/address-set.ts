import type { Address } from '../contract/address.ts';
import { networkKey, parseIp } from './ip-address.ts';

/**
 * Networks and single addresses, for deciding about peers: `'10.0.0.0/8'`, `'2001:db8::/32'`, `'192.0.2.7'`. IPv4
 * entries also hold for IPv4-mapped IPv6 addresses. Peers without an IP address are in the set only by name: `'unix'`
 * for every Unix socket, `'memory'` for every pipe inside the process. May be changed while it is in use.
 *
 * Asking costs a lookup for each prefix length in the set, however many networks there are.
 */
export class AddressSet {
  /** By prefix length: the networks of that length. */
  readonly #ipv4 = new Map<number, Set<string>>();
  readonly #ipv6 = new Map<number, Set<string>>();
  readonly #kinds = new Set<string>();

  /** @throws RangeError if an entry is no address, no network in CIDR form and neither `'unix'` nor `'memory'` */
  constructor(entries: Iterable<string> = []) {
    for (const entry of entries) this.add(entry);
  }

  /** @throws RangeError as the constructor */
  add(entry: string): void {
    if (isKind(entry)) {
      this.#kinds.add(entry);
      return;
    }
    const { ip, bits } = parseNetwork(entry);
    const networks = this.#networks(ip);
    const known = networks.get(bits);
    if (known) known.add(networkKey(ip, bits));
    else networks.set(bits, new Set([networkKey(ip, bits)]));
  }

  /** Takes out an entry that was added in the same size; networks around or within it stay. */
  delete(entry: string): void {
    if (this.#kinds.delete(entry)) return;
    const { ip, bits } = parseNetwork(entry);
    const networks = this.#networks(ip);
    const known = networks.get(bits);
    known?.delete(networkKey(ip, bits));
    if (known?.size === 0) networks.delete(bits);
  }

  has(address: Address): boolean {
    if (!('host' in address)) return this.#kinds.has(address.kind);
    const ip = parseIp(address.host);
    if (!ip) return false;
    for (const [bits, known] of this.#networks(ip)) {
      if (known.has(networkKey(ip, bits))) return true;
    }
    return false;
  }

  #networks(ip: Uint8Array): Map<number, Set<string>> {
    return ip.length === 4 ? this.#ipv4 : this.#ipv6;
  }
}

function isKind(entry: string): boolean {
  return entry === 'unix' || entry === 'memory';
}

function parseNetwork(entry: string): { ip: Uint8Array; bits: number } {
  const slash = entry.indexOf('/');
  const host = slash < 0 ? entry : entry.slice(0, slash);
  const ip = parseIp(host);
  if (!ip) throw new RangeError(`Cannot use "${entry}" as it is no IP address or network`);
  const all = ip.length * 8;
  if (slash < 0) return { ip, bits: all };
  const prefix = entry.slice(slash + 1);
  // The prefix of a mapped network counts the 96 bits in front as well.
  const offset = ip.length === 4 && host.includes(':') ? 96 : 0;
  const bits = Number(prefix) - offset;
  if (!/^\d{1,3}$/.test(prefix) || bits < 0 || bits > all) {
    throw new RangeError(
      `Cannot use "${entry}" as the prefix length must be ${offset} to ${all + offset}: "${prefix}"`,
    );
  }
  return { ip, bits };
}
