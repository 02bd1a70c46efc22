// Whether a signed zone is right in itself: every signature, the whole chain of NSEC, nothing signed that must not be.
import { Name } from '../name.ts';
import { formatType, Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import { isSignerType } from '../zone/signer-record.ts';
import type { Zone } from '../zone/zone.ts';
import type { ZoneNode } from '../zone/zone-node.ts';
import { keyTagOf } from './key-tag.ts';
import { isInChain, type Standing, signedRRsets, standingOf, typesBitmap } from './signable.ts';
import { readSignature } from './signature.ts';
import { verifyRRset } from './verify.ts';

/** Options for {@link validateZone}. */
export interface ValidateZoneOptions {
  /** The moment that counts, in seconds since 1970. @defaultValue any */
  readonly atSeconds?: number | undefined;
}

/**
 * Signatures of one RRset times keys they may be of: what somebody else made may have any number of both, and each try costs
 * some 100 µs.
 */
const MAX_TRIES = 16;

/** What is wrong with the signatures of a zone that denies by NSEC, a line each; nothing for a zone that is right. */
export function validateZone(zone: Zone, options: ValidateZoneOptions = {}): string[] {
  return new Validation(zone, options).run();
}

class Validation {
  readonly #zone: Zone;
  readonly #options: ValidateZoneOptions;
  readonly #keys: readonly Rdata[];
  readonly #problems: string[] = [];

  constructor(zone: Zone, options: ValidateZoneOptions) {
    this.#zone = zone;
    this.#options = options;
    this.#keys = zone.apex.get(Type.DNSKEY)?.records ?? [];
  }

  run(): string[] {
    if (this.#keys.length === 0) this.#problems.push(`${this.#zone.origin} has no DNSKEY`);
    let previous: { readonly node: ZoneNode; readonly nsec: RRset | undefined } | undefined;
    for (const node of this.#zone.ordered()) {
      const standing = standingOf(this.#zone, node, node.key);
      this.#checkName(node, standing);
      if (!isInChain(standing)) continue;
      if (previous !== undefined) this.#checkNext(previous, node.key);
      previous = { node, nsec: node.get(Type.NSEC) };
    }
    if (previous !== undefined) this.#checkNext(previous, this.#zone.origin.key);
    return this.#problems;
  }

  #checkName(node: ZoneNode, standing: Standing): void {
    const signed = signedRRsets(node, standing);
    const nsec = node.get(Type.NSEC);
    if (isInChain(standing)) {
      if (nsec === undefined) this.#say(node, Type.NSEC, 'is missing');
      else {
        signed.push(nsec);
        this.#checkTypes(node, nsec, standing);
      }
    } else if (nsec !== undefined) this.#say(node, Type.NSEC, 'must not be there');
    const covered = new Set<number>();
    for (const rdata of node.get(Type.RRSIG)?.records ?? [])
      covered.add(readSignature(rdata).typeCovered);
    for (const rrset of signed) {
      covered.delete(rrset.type);
      this.#checkSignatures(node, rrset);
    }
    for (const type of covered) this.#say(node, type, 'must not be signed');
    for (const type of [Type.NSEC3, Type.NSEC3PARAM])
      if (node.get(type) !== undefined) this.#say(node, type, 'must not be there');
  }

  #checkTypes(node: ZoneNode, nsec: RRset, standing: Standing): void {
    const wire = nsec.records[0]?.wire ?? Buffer.alloc(0);
    const next = Name.fromWire(wire);
    if (!wire.subarray(next.wire.length).equals(typesBitmap(node, standing)))
      this.#say(node, Type.NSEC, 'has other types than the name');
    if (nsec.records.length !== 1) this.#say(node, Type.NSEC, 'must be one');
    if (nsec.ttl !== this.#zone.negativeTtl)
      this.#say(node, Type.NSEC, 'has another TTL than negative answers');
  }

  #checkNext({ node, nsec }: { node: ZoneNode; nsec: RRset | undefined }, key: string): void {
    const wire = nsec?.records[0]?.wire;
    if (wire === undefined) return;
    const next = Name.fromWire(wire);
    if (next.key !== key)
      this.#say(node, Type.NSEC, `says ${next} is next and not ${Name.fromOctets(key)}`);
  }

  /**
   * Each algorithm there is a key of has to have a signature that is right (RFC 4035 §2.2), and none may be wrong. Those of other
   * algorithms nobody looks at: they come before their key, and go after it (RFC 6781 §4.1.4).
   */
  #checkSignatures(node: ZoneNode, rrset: RRset): void {
    const algorithms = new Set(this.#keys.map(({ wire }) => wire[3] ?? 0));
    const missing = new Set(algorithms);
    let tried = 0;
    for (const signature of node.get(Type.RRSIG)?.records ?? []) {
      const { typeCovered, keyTag, algorithm } = readSignature(signature);
      if (typeCovered !== rrset.type || !algorithms.has(algorithm)) continue;
      const candidates = this.#keys.filter(
        ({ wire }) => wire[3] === algorithm && keyTagOf(wire) === keyTag,
      );
      tried += Math.max(candidates.length, 1);
      if (tried > MAX_TRIES) {
        this.#say(node, rrset.type, 'has too many signatures, or keys that share a tag');
        return;
      }
      const problems = candidates.map((key) =>
        verifyRRset(rrset, { signature, key }, { atSeconds: this.#options.atSeconds }),
      );
      if (problems.includes(undefined)) missing.delete(algorithm);
      else this.#say(node, rrset.type, `signature: ${problems[0] ?? 'there is no such key'}`);
    }
    for (const algorithm of missing)
      this.#say(node, rrset.type, `is not signed with algorithm ${algorithm}`);
  }

  #say(node: ZoneNode, type: number, what: string): void {
    const of = isSignerType(type) ? 'its' : 'record';
    this.#problems.push(`${node.name}: ${of} ${formatType(type)} ${what}`);
  }
}
