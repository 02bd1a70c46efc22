// NSEC: each name that is there says which one comes next (RFC 4035 §3.1.3, RFC 4592 §4.8).
import { Type } from '../numbers.ts';
import type { DenialProof } from './denial-proof.ts';
import { findNode } from './find-node.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/** Proofs of a zone with an NSEC chain. */
export class NsecProof implements DenialProof {
  readonly type: number = Type.NSEC;
  readonly #zone: Zone;

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  noType(node: ZoneNode): ZoneNode[] {
    // An empty non-terminal has none: the name before it says that something below it comes next.
    return node.list.length === 0 ? this.#covering(node.key) : [node];
  }

  noName(key: string, encloser: string): ZoneNode[] {
    return [...this.#covering(key), ...this.#covering(`\x01*${encloser}`)];
  }

  onlyWildcard(key: string): ZoneNode[] {
    return this.#covering(key);
  }

  noTypeOfWildcard(key: string, _encloser: string, node: ZoneNode): ZoneNode[] {
    return [...this.noType(node), ...this.#covering(key)];
  }

  /**
   * The name whose NSEC spans this key, which nothing hides and which has none of its own. Nothing if the zone is not signed
   * throughout.
   */
  #covering(key: string): ZoneNode[] {
    const zone = this.#zone;
    for (const { node, isAncestor } of zone.preceding(key)) {
      if (node.get(Type.NSEC) !== undefined) return [node];
      if (!isAncestor) {
        // What a delegation or a DNAME hides may be any number of names; what hides it has the NSEC.
        const found = findNode(zone, node.key, Type.A);
        const hides = found.at === 'cut' || found.at === 'dname';
        return hides && found.node.get(Type.NSEC) !== undefined ? [found.node] : [];
      }
      // An empty non-terminal above it has none, and there may be a hundred of them.
    }
    return [];
  }
}
