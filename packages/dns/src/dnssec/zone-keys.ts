// Which keys of a zone do what at one moment.
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import { type DigestType, dsOf, noCdnskey, noCds } from './delegation-signer.ts';
import { isShown, type KeptKey, type KeyBook } from './kept-key.ts';
import type { SigningKey } from './signing-key.ts';

/** The keys of a zone at one moment. Immutable. */
export interface ZoneKeys {
  /** Those in the DNSKEY RRset. */
  readonly published: readonly SigningKey[];
  /** Those that sign what the zone holds. */
  readonly signing: readonly SigningKey[];
  /** Those that sign the DNSKEY RRset. */
  readonly signingKeys: readonly SigningKey[];
  /** Those that sign what is said to the parent. */
  readonly signingRequests: readonly SigningKey[];
  /** Those the parent should know; `"none"` asks it to forget all (RFC 8078 §4), undefined says nothing. */
  readonly entry: readonly SigningKey[] | 'none' | undefined;
}

/** TTL and digests of what {@link keyRRsets} makes. */
export interface KeyRRsetOptions {
  /** In seconds. */
  readonly ttl: number;
  readonly digests: readonly DigestType[];
}

/** Types only the signer writes at the origin of a zone. */
export const keyTypes: readonly number[] = [Type.DNSKEY, Type.CDS, Type.CDNSKEY];

/**
 * What the keys do; undefined for a zone that is not signed. Each RRset has a signature of each algorithm there may be a key of
 * in anybody's DNSKEY RRset (RFC 4035 §2.2, RFC 6840 §5.11).
 */
export function keysOf({ keys, leaving, unsigned }: KeyBook): ZoneKeys | undefined {
  if (unsigned) return undefined;
  const shown = keys.filter(({ state }) => isShown(state));
  const active = keys.filter(({ state }) => state === 'active').map(({ key }) => key);
  return {
    published: shown.map(({ key }) => key),
    signing: keys.filter((kept) => signsData(kept, keys)).map(({ key }) => key),
    signingKeys: shown.map(({ key }) => key).filter(signsKeys),
    signingRequests: keys.map(({ key }) => key).filter(signsKeys),
    entry: leaving === undefined ? active.filter(signsKeys) : 'none',
  };
}

/**
 * What a zone with these keys says.
 * @throws UsageError `HAWSER_DNS_KEY` without an active key that signs keys and one that signs data, where an algorithm has only
 * one of the two, and for two keys of an algorithm with the same tag
 */
export function checkedKeys(keys: readonly KeptKey[]): ZoneKeys {
  const inUse = keysOf({ keys });
  const active = keys.filter(({ state }) => state === 'active').map(({ key }) => key);
  if (inUse === undefined || !active.some(signsKeys) || !active.some((key) => key.signsData))
    throw usageError('HAWSER_DNS_KEY', 'Cannot sign a zone without a CSK, or a KSK and a ZSK');
  for (const { key } of keys) {
    const { algorithm } = key;
    const same = keys.filter((kept) => kept.key.algorithm === algorithm).map((kept) => kept.key);
    if (!same.some(signsKeys) || !same.some((each) => each.signsData))
      throw usageError(
        'HAWSER_DNS_KEY',
        `Cannot sign a zone as ${algorithm.name} needs a CSK, or a KSK and a ZSK`,
      );
    if (same.filter(({ tag }) => tag === key.tag).length > 1)
      throw usageError('HAWSER_DNS_KEY', `Cannot sign a zone with two keys of tag ${key.tag}`);
  }
  return inUse;
}

/** True if no active key signs data with the algorithm of `kept`: then it does, whatever its state. */
export function isAlone({ key: { algorithm } }: KeptKey, keys: readonly KeptKey[]): boolean {
  return !keys.some(
    ({ key, state }) => state === 'active' && key.signsData && key.algorithm === algorithm,
  );
}

/** The keys that sign RRsets of `type`: what concerns keys is signed by those the parent knows (RFC 7344 §4.1). */
export function signersOf(keys: ZoneKeys, type: number): readonly SigningKey[] {
  if (type === Type.DNSKEY) return keys.signingKeys;
  return keyTypes.includes(type) ? keys.signingRequests : keys.signing;
}

/** DNSKEY, CDS and CDNSKEY of the zone `origin`; those it does not have are left out. */
export function keyRRsets(origin: Name, keys: ZoneKeys, options: KeyRRsetOptions): RRset[] {
  const { ttl, digests } = options;
  const { published, entry } = keys;
  const lists: [number, readonly Rdata[]][] = [
    [Type.DNSKEY, published.map(({ rdata }) => rdata)],
    [Type.CDS, entry === 'none' ? [noCds] : dsRecords(origin, entry ?? [], digests)],
    [Type.CDNSKEY, entry === 'none' ? [noCdnskey] : (entry ?? []).map(({ rdata }) => rdata)],
  ];
  return lists
    .filter(([, records]) => records.length > 0)
    .map(([type, records]) => ({ name: origin, type, ttl, records }));
}

/** Data of the DS records of `keys`. */
export function dsRecords(
  origin: Name,
  keys: readonly SigningKey[],
  digests: readonly DigestType[],
): Rdata[] {
  return keys.flatMap((key) => digests.map((digest) => dsOf(origin, key, digest)));
}

function signsKeys(key: SigningKey): boolean {
  return key.signsKeys;
}

function signsData(kept: KeptKey, keys: readonly KeptKey[]): boolean {
  return kept.key.signsData && (kept.state === 'active' || isAlone(kept, keys));
}
