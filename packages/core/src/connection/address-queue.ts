import type { ResolvedAddress } from '../contract/resolver.ts';

/** A name with hundreds of addresses, by mistake or by malice, does not get hundreds of attempts. */
const MAX_ADDRESSES_PER_FAMILY = 16;

/** The addresses to try, families taking turns, IPv6 first (RFC 8305 §4). Each address is given once. */
export class AddressQueue {
  readonly #waiting: Record<4 | 6, ResolvedAddress[]> = { 4: [], 6: [] };
  readonly #known: Record<4 | 6, Set<string>> = { 4: new Set(), 6: new Set() };
  #turn: 4 | 6 = 6;

  get size(): number {
    return this.#waiting[4].length + this.#waiting[6].length;
  }

  /** Adds an address, unless it is known or there are 16 of its family. */
  add(address: ResolvedAddress): void {
    const known = this.#known[address.family];
    if (known.has(address.host) || known.size >= MAX_ADDRESSES_PER_FAMILY) return;
    known.add(address.host);
    this.#waiting[address.family].push(address);
  }

  next(): ResolvedAddress | undefined {
    const other = this.#turn === 6 ? 4 : 6;
    const family = this.#waiting[this.#turn].length > 0 ? this.#turn : other;
    const address = this.#waiting[family].shift();
    if (address) this.#turn = family === 6 ? 4 : 6;
    return address;
  }
}
