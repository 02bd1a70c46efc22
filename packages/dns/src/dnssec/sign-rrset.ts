import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import { labelsOf, type SignedRRset, signatureHead, signedOctets } from './signature.ts';
import type { SigningKey } from './signing-key.ts';

/** From when to when a signature counts, in seconds since 1970. */
export interface Validity {
  readonly inception: number;
  readonly expiration: number;
}

/** How to sign one RRset. */
export interface SignOptions extends Validity {
  /** The zone. */
  readonly signer: Name;
  readonly key: SigningKey;
  /** {@link Name.key} of the owner. @defaultValue that of the RRset */
  readonly owner?: string | undefined;
}

/** What is signed, and the head of the signature over it. */
interface Prepared {
  readonly head: Buffer;
  readonly octets: Buffer;
}

/** Data of the RRSIG over `rrset`. */
export function signRRset(rrset: RRset, options: SignOptions): Rdata {
  const { head, octets } = prepare(rrset, options);
  return signatureOf(head, options.key.sign(octets));
}

/** The same, made by another thread. */
export async function signRRsetLater(rrset: RRset, options: SignOptions): Promise<Rdata> {
  const { head, octets } = prepare(rrset, options);
  return signatureOf(head, await options.key.signLater(octets));
}

function prepare({ name, type, ttl, records }: RRset, options: SignOptions): Prepared {
  const { signer, key, inception, expiration, owner = name.key } = options;
  const signed: SignedRRset = { key: owner, type, records };
  const head = signatureHead({
    typeCovered: type,
    algorithm: key.algorithm.number,
    labels: labelsOf(owner),
    originalTtl: ttl,
    expiration,
    inception,
    keyTag: key.tag,
    signer,
  });
  return { head, octets: signedOctets(head, signed) };
}

function signatureOf(head: Buffer, signature: Buffer): Rdata {
  const rdata = checkRdata(Type.RRSIG, Buffer.concat([head, signature]));
  if (rdata === undefined) throw new TypeError('Cannot make a signature');
  return rdata;
}
