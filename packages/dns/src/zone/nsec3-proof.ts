// NSEC3: hashes of the names that are there, each with the next one (RFC 5155 §7.2). We do not sign like this, but serve copies
// of zones that are.
import { Type } from '../numbers.ts';
import type { DenialProof } from './denial-proof.ts';
import { type Nsec3Parameters, nsec3Label } from './nsec3-hash.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/**
 * Rounds of hashing up to which resolvers validate, and others are no better than none (RFC 9276 §3.2): answers go without
 * proofs then. A denial takes five hashes, which is most of a millisecond.
 */
const MAX_ITERATIONS = 150;
const SHA1 = 1;
/** `\x20` says that the label has 32 octets. */
const LABEL_LENGTH = '\x20';

/** How the zone with this apex hashes its names, or undefined if it does not, or in a way we do not know (RFC 5155 §4). */
export function nsec3Of(apex: ZoneNode): Nsec3Parameters | undefined {
  for (const { wire } of apex.get(Type.NSEC3PARAM)?.records ?? []) {
    const iterations = wire.readUInt16BE(2);
    // Others than these flags mark a chain that is not complete (RFC 5155 §4.1.2).
    const complete = wire[0] === SHA1 && wire[1] === 0 && iterations <= MAX_ITERATIONS;
    if (complete) return { iterations, salt: wire.subarray(5, 5 + (wire[4] ?? 0)) };
  }
  return undefined;
}

/** True for a name that is only the hash of another: it does not exist for those who ask (RFC 5155 §7.2.8). */
export function isHashedName(node: ZoneNode): boolean {
  return (
    node.children === 0 &&
    node.get(Type.NSEC3) !== undefined &&
    node.list.every(({ type }) => type === Type.NSEC3 || type === Type.RRSIG)
  );
}

/** Proofs of a zone with an NSEC3 chain. */
export class Nsec3Proof implements DenialProof {
  readonly type: number = Type.NSEC3;
  readonly #zone: Zone;
  readonly #parameters: Nsec3Parameters;

  constructor(zone: Zone, parameters: Nsec3Parameters) {
    this.#zone = zone;
    this.#parameters = parameters;
  }

  noType(node: ZoneNode): ZoneNode[] {
    const { key } = node;
    const matching = this.#matching(key);
    // Under opt-out an unsigned delegation has none, nor has what is only above such (§7.2.4, §7.2.7).
    return matching === undefined ? this.#encloserProof(key, key) : [matching];
  }

  noName(key: string, encloser: string): ZoneNode[] {
    const provable = this.#provable(encloser);
    if (provable === undefined) return [];
    // Who validates knows no other encloser than the one that is proven. Under opt-out that one may have a wildcard.
    const wildcard = `\x01*${provable.key}`;
    const matching = this.#matching(wildcard);
    const proof = matching === undefined ? this.#covering(wildcard) : [matching];
    return [...this.#encloserProof(key, encloser), ...proof];
  }

  onlyWildcard(key: string, encloser: string): ZoneNode[] {
    return this.#covering(nextCloser(key, encloser));
  }

  noTypeOfWildcard(key: string, encloser: string, node: ZoneNode): ZoneNode[] {
    const matching = this.#matching(node.key);
    return [...this.#encloserProof(key, encloser), ...(matching === undefined ? [] : [matching])];
  }

  /** That an encloser exists and the next name on the way to `key` does not (§7.2.1). */
  #encloserProof(key: string, encloser: string): ZoneNode[] {
    const provable = this.#provable(encloser);
    if (provable === undefined) return [];
    return [provable.node, ...this.#covering(nextCloser(key, provable.key))];
  }

  /** The longest ancestor of a name that is hashed, or the name itself. */
  #provable(encloser: string): { readonly key: string; readonly node: ZoneNode } | undefined {
    const shortest = this.#zone.origin.key.length;
    for (let key = encloser; key.length >= shortest; key = key.slice(1 + key.charCodeAt(0))) {
      const node = this.#matching(key);
      if (node !== undefined) return { key, node };
    }
    return undefined;
  }

  #matching(key: string): ZoneNode | undefined {
    const label = nsec3Label(key, this.#parameters);
    const node = this.#zone.node(LABEL_LENGTH + label + this.#zone.origin.key);
    return node?.get(Type.NSEC3) === undefined ? undefined : node;
  }

  #covering(key: string): ZoneNode[] {
    const node = this.#zone.hashedBefore(nsec3Label(key, this.#parameters));
    return node === undefined ? [] : [node];
  }
}

/** The name one label longer than `encloser` on the way to `key` (§1.3). */
function nextCloser(key: string, encloser: string): string {
  let at = 0;
  for (;;) {
    const next = at + 1 + key.charCodeAt(at);
    if (key.length - next <= encloser.length) return key.slice(at);
    at = next;
  }
}
