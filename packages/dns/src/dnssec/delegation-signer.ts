// What the parent of a zone has to know of its keys: DS (RFC 4034 §5, RFC 4509, RFC 6605), and how the zone says so itself:
// CDS and CDNSKEY (RFC 7344, RFC 8078).
import { hash } from 'node:crypto';
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import { keyTagOf } from './key-tag.ts';

/** Kinds of digest: 2 is SHA-256, which everybody understands; 4 is SHA-384. */
export type DigestType = 2 | 4;

/** @throws UsageError `HAWSER_DNS_OPTIONS` for a kind of digest that is not made here, and for none: the parent needs one */
export function checkDigests(digests: readonly DigestType[]): void {
  if (digests.length > 0 && digests.every(isDigestType)) return;
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot make DS records as their digests must be 2 or 4: ${digests.join() || 'none'}`,
  );
}

/**
 * Data of the DS record for a key of the zone `origin`.
 * @throws UsageError `HAWSER_DNS_KEY` for another digest
 */
export function dsOf(
  origin: Name,
  key: { readonly rdata: Rdata },
  digestType: DigestType = 2,
): Rdata {
  const { wire } = key.rdata;
  if (!isDigestType(digestType))
    throw usageError('HAWSER_DNS_KEY', `Cannot make a DS with digest ${String(digestType)}`);
  const owner = Buffer.from(origin.key, 'latin1');
  const name = digestType === 2 ? 'sha256' : 'sha384';
  const digest = hash(name, Buffer.concat([owner, wire]), 'buffer');
  const head = Buffer.from([0, 0, wire[3] ?? 0, digestType]);
  head.writeUInt16BE(keyTagOf(wire));
  return checked(Type.DS, Buffer.concat([head, digest]));
}

/** Data of the CDS record that asks the parent to forget the keys of the zone (RFC 8078 §4). */
export const noCds: Rdata = checked(Type.CDS, Buffer.from([0, 0, 0, 0, 0]));
/** The same as CDNSKEY. */
export const noCdnskey: Rdata = checked(Type.CDNSKEY, Buffer.from([0, 0, 3, 0, 0]));

function isDigestType(digest: number): digest is DigestType {
  return digest === 2 || digest === 4;
}

function checked(type: number, wire: Buffer): Rdata {
  const rdata = checkRdata(type, wire);
  if (rdata === undefined) throw new TypeError('Cannot make a record about a key');
  return rdata;
}
