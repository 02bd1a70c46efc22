// Which keys of a zone do what at one moment.
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import { type DigestType, dsOf, noCdnskey, noCds } from './delegation-signer.ts';
import type { SigningKey } from './signing-key.ts';

/** The keys of a zone at one moment. Immutable. */
export interface ZoneKeys {
  /** Those in the DNSKEY RRset. */
  readonly published: readonly SigningKey[];
  /** Those that sign what the zone holds. */
  readonly signing: readonly SigningKey[];
  /** Those that sign the keys, and what is said to the parent. */
  readonly signingKeys: readonly SigningKey[];
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

/** What a zone with one set of keys, all of them in use, says. */
export function keysInUse(keys: readonly SigningKey[]): ZoneKeys {
  const entry = keys.filter(({ signsKeys }) => signsKeys);
  return {
    published: keys,
    signing: keys.filter(({ signsData }) => signsData),
    signingKeys: entry,
    entry,
  };
}

/** The keys that sign RRsets of `type`: what concerns keys is signed by those the parent knows (RFC 7344 §4.1). */
export function signersOf(keys: ZoneKeys, type: number): readonly SigningKey[] {
  return keyTypes.includes(type) ? keys.signingKeys : keys.signing;
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
