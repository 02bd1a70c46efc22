// Which signatures of a zone are to be made anew, found a few names at a time.
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { Edit, Zone } from '../zone/zone.ts';
import type { ZoneNode } from '../zone/zone-node.ts';
import { isInChain, signedRRsets, standingOf } from './signable.ts';
import { readSignature } from './signature.ts';
import { signersOf, type ZoneKeys } from './zone-keys.ts';

/** What makes a signature good enough to stay. */
export interface FreshnessRules {
  readonly keys: ZoneKeys;
  readonly nowSeconds: number;
  /** Those that end in less than that go. */
  readonly renewalSeconds: number;
}

/** How much to look at in one go. */
export interface WalkLimits {
  readonly maxNames: number;
  readonly maxSignatures: number;
}

/** What a part of the walk found. */
export interface WalkPart {
  /** They take away what is stale; who signs the change puts something fresh in its place. */
  readonly edits: readonly Edit[];
  /** Names that were looked at. */
  readonly names: number;
  /** {@link Name.key} of the name to go on with; undefined at the end. */
  readonly next: string | undefined;
  /** Longest TTL of what was looked at, in seconds. */
  readonly maxTtl: number;
}

/** Looks at the names of `zone` from the one with the key `from`, which need not be there any more. */
export function findStale(zone: Zone, from: string, rules: FreshnessRules & WalkLimits): WalkPart {
  const edits: Edit[] = [];
  let maxTtl = 0;
  let stale = 0;
  let key = from;
  let names = 0;
  while (names < rules.maxNames && stale < rules.maxSignatures) {
    names++;
    const node = zone.node(key);
    if (node !== undefined) {
      for (const { ttl } of node.list) maxTtl = Math.max(maxTtl, ttl);
      const found = staleAt(zone, node, rules);
      stale += found.signatures;
      edits.push(...found.edits);
    }
    key = zone.neighbours(key).next.key;
    if (key === zone.origin.key) return { edits, names, next: undefined, maxTtl };
  }
  return { edits, names, next: key, maxTtl };
}

/**
 * Edits that take away each signature of `zone` that has ended, or does not count yet: who signs the change puts others in their
 * place. A step looks at as many signatures as it yields.
 */
export function* withoutExpired(
  zone: Zone,
  nowSeconds: number,
): Generator<number, readonly Edit[], void> {
  const edits: Edit[] = [];
  for (const { name, list } of zone.ordered()) {
    const held = list.find(({ type }) => type === Type.RRSIG);
    const records = held?.records ?? [];
    yield records.length;
    const good = records.filter((rdata) => countsAt(rdata, nowSeconds));
    if (held === undefined || good.length === records.length) continue;
    const { type, ttl } = held;
    const rrset = good.length === 0 ? undefined : { name, type, ttl, records: good };
    edits.push({ name, type, rrset });
  }
  return edits;
}

/** False for a signature that nobody renewed in time, or that was made by a clock that was ahead. */
export function countsAt(signature: Rdata, nowSeconds: number): boolean {
  const { inception, expiration } = readSignature(signature);
  return ((expiration - nowSeconds) | 0) > 0 && ((nowSeconds - inception) | 0) >= 0;
}

function staleAt(
  zone: Zone,
  node: ZoneNode,
  rules: FreshnessRules,
): { readonly edits: Edit[]; readonly signatures: number } {
  const { name, key } = node;
  const standing = standingOf(zone, node, key);
  const nsec = node.get(Type.NSEC);
  const edits: Edit[] = [];
  let signatures = 0;
  const isOld = nsec !== undefined && nsec.ttl !== zone.negativeTtl;
  if (isOld || (nsec === undefined) === isInChain(standing)) {
    edits.push({ name, type: Type.NSEC, rrset: undefined });
    signatures++;
  }
  const expected = new Set<string>();
  const rrsets = signedRRsets(node, standing);
  for (const { type } of nsec === undefined ? rrsets : [...rrsets, nsec])
    for (const { algorithm, tag } of signersOf(rules.keys, type))
      expected.add(`${type}/${algorithm.number}/${tag}`);
  const held = node.get(Type.RRSIG);
  const fresh: Rdata[] = [];
  const records = held?.records ?? [];
  for (const rdata of records) {
    const { typeCovered, algorithm, keyTag, inception, expiration } = readSignature(rdata);
    const left = (expiration - rules.nowSeconds) | 0;
    // A clock that was ahead made what does not count yet.
    const hasBegun = ((rules.nowSeconds - inception) | 0) >= 0;
    if (
      hasBegun &&
      left >= rules.renewalSeconds &&
      expected.delete(`${typeCovered}/${algorithm}/${keyTag}`)
    )
      fresh.push(rdata);
  }
  const missing = expected.size;
  if (fresh.length < records.length) {
    const { ttl = 0 } = held ?? {};
    const rrset = fresh.length === 0 ? undefined : { name, type: Type.RRSIG, ttl, records: fresh };
    edits.push({ name, type: Type.RRSIG, rrset });
  } else if (missing > 0 && edits.length === 0) {
    // Nothing to take away, and something to add: any change of the name does.
    edits.push({ name, type: Type.RRSIG, rrset: undefined });
  }
  return { edits, signatures: signatures + missing };
}
