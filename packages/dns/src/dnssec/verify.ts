// Whether a signature is right (RFC 4035 §5.3).
import type { KeyObject } from 'node:crypto';
import type { Name } from '../name.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import { findAlgorithm, verifyData } from './algorithm.ts';
import { keyTagOf } from './key-tag.ts';
import { labelsOf, readSignature, signatureHead, signedOctets } from './signature.ts';

/** ZONE_KEY and REVOKE (RFC 4034 §2.1.1, RFC 5011 §2.1). */
const FLAGS = 0x0180;
const ZONE_KEY = 0x0100;

/** Options for {@link verifyRRset}. */
export interface VerifyOptions {
  /** The moment that counts, in seconds since 1970. @defaultValue any */
  readonly atSeconds?: number | undefined;
  /** The name the RRset was found by, if a wildcard became it. @defaultValue its own */
  readonly owner?: Name | undefined;
}

/**
 * Whether `signature`, data of an RRSIG, is one by `key`, data of a DNSKEY, over `rrset`: `undefined` if it is, otherwise why
 * not.
 */
export function verifyRRset(
  rrset: RRset,
  signed: { readonly signature: Rdata; readonly key: Rdata },
  options: VerifyOptions = {},
): string | undefined {
  const { signature, key } = signed;
  const { atSeconds, owner = rrset.name } = options;
  const fields = readSignature(signature);
  const algorithm = findAlgorithm(fields.algorithm);
  if (fields.typeCovered !== rrset.type) return 'it is for another type';
  if (!owner.isSubdomainOf(fields.signer)) return 'the signer has nothing to do with the name';
  if (fields.labels > labelsOf(owner.key)) return 'it has too many labels';
  if (rrset.ttl > fields.originalTtl) return 'the TTL is longer than the one that was signed';
  if (atSeconds !== undefined && isAfter(fields.inception, atSeconds))
    return 'it does not count yet';
  if (atSeconds !== undefined && isAfter(atSeconds, fields.expiration)) return 'it has expired';
  if (fields.keyTag !== keyTagOf(key.wire) || key.wire[3] !== fields.algorithm)
    return 'it is of another key';
  if ((key.wire.readUInt16BE(0) & FLAGS) !== ZONE_KEY || key.wire[2] !== 3)
    return 'the key must not sign zones';
  const publicKey = publicKeyOf(key);
  if (algorithm === undefined || publicKey === undefined) return 'the key is none we understand';
  const data = signedOctets(signatureHead(fields), {
    key: owner.key,
    type: rrset.type,
    records: rrset.records,
  });
  const right = verifyData(algorithm, {
    data,
    signature: signature.wire.subarray(fields.end),
    key: publicKey,
  });
  return right ? undefined : 'it is wrong';
}

/** Keys by the record they came from: making one costs as much as using it. */
const publicKeys = new WeakMap<Rdata, KeyObject>();

function publicKeyOf(key: Rdata): KeyObject | undefined {
  const known = publicKeys.get(key);
  const made = known ?? findAlgorithm(key.wire[3] ?? 0)?.toPublicKey(key.wire.subarray(4));
  if (made !== undefined && known === undefined) publicKeys.set(key, made);
  return made;
}

/** Serial number arithmetic: moments are counted modulo 2^32 (RFC 4034 §3.1.5). */
function isAfter(seconds: number, other: number): boolean {
  return seconds >>> 0 !== other >>> 0 && (seconds - other) >>> 0 < 0x8000_0000;
}
