// How zones are signed (RFC 4034 Appendix A.1, RFC 8624): P-256 and Ed25519 (RFC 6605, RFC 8080) for keys of ours, RSA and P-384
// also for those that come from elsewhere.
import {
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/** Names of algorithms a key can be made for. */
export type KeyAlgorithm = 'ECDSAP256SHA256' | 'ED25519';

/** One way to sign. */
export interface SignatureAlgorithm {
  /** As DNSKEY, RRSIG and DS have it. */
  readonly number: number;
  readonly name: string;
  /** Octets of every signature; undefined where the key says it. */
  readonly signatureBytes: number | undefined;
  /** The digest that is signed; undefined where signing is one step. */
  readonly digest: string | undefined;
  /** The key of the octets a DNSKEY has, or undefined if they are none. */
  toPublicKey(octets: Buffer): KeyObject | undefined;
  /** The octets a DNSKEY has. */
  fromPublicKey(key: KeyObject): Buffer;
}

/** Of RSA: 4096 bits, and an exponent of which nobody needs more than 65537. */
const MAX_MODULUS_BYTES = 512;
const MAX_EXPONENT_BYTES = 4;

const algorithms: readonly SignatureAlgorithm[] = [
  rsa(8, 'RSASHA256', 'sha256'),
  rsa(10, 'RSASHA512', 'sha512'),
  ecdsa(13, 'ECDSAP256SHA256', { curve: 'P-256', digest: 'sha256', bytes: 32 }),
  ecdsa(14, 'ECDSAP384SHA384', { curve: 'P-384', digest: 'sha384', bytes: 48 }),
  {
    number: 15,
    name: 'ED25519',
    signatureBytes: 64,
    digest: undefined,
    toPublicKey: (octets) =>
      octets.length === 32
        ? publicKey({ kty: 'OKP', crv: 'Ed25519', x: octets.toString('base64url') })
        : undefined,
    fromPublicKey: (key) => field(key, 'x'),
  },
];

/** The algorithm with this number or name, if we know it. */
export function findAlgorithm(which: number | string): SignatureAlgorithm | undefined {
  return algorithms.find(({ number, name }) => number === which || name === which);
}

/** A new private key. */
export function makePrivateKey(algorithm: KeyAlgorithm): KeyObject {
  if (algorithm === 'ED25519') return generateKeyPairSync('ed25519').privateKey;
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** The signature over `data`. */
export function signData({ digest }: SignatureAlgorithm, data: Uint8Array, key: KeyObject): Buffer {
  return sign(digest, data, { key, dsaEncoding: 'ieee-p1363' });
}

/** The same, made by another thread. */
export function signDataLater(
  { digest }: SignatureAlgorithm,
  data: Uint8Array,
  key: KeyObject,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign(digest, data, { key, dsaEncoding: 'ieee-p1363' }, (error, signature) => {
      if (error === null) resolve(signature);
      else reject(error);
    });
  });
}

/** True if `signature` is one of `key` over `data`. */
export function verifyData(
  { digest, signatureBytes }: SignatureAlgorithm,
  signed: { readonly data: Uint8Array; readonly signature: Uint8Array; readonly key: KeyObject },
): boolean {
  const { data, signature, key } = signed;
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false;
  try {
    return verify(digest, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    // Numbers that are none of the key.
    return false;
  }
}

function ecdsa(
  number: number,
  name: string,
  { curve, digest, bytes }: { curve: string; digest: string; bytes: number },
): SignatureAlgorithm {
  return {
    number,
    name,
    digest,
    signatureBytes: 2 * bytes,
    toPublicKey(octets) {
      if (octets.length !== 2 * bytes) return undefined;
      const x = octets.toString('base64url', 0, bytes);
      const y = octets.toString('base64url', bytes);
      return publicKey({ kty: 'EC', crv: curve, x, y });
    },
    fromPublicKey: (key) => Buffer.concat([field(key, 'x'), field(key, 'y')]),
  };
}

/** RFC 3110 §2: the length of the exponent in one octet, or a zero octet and two; the exponent; the modulus. */
function rsa(number: number, name: string, digest: string): SignatureAlgorithm {
  return {
    number,
    name,
    digest,
    signatureBytes: undefined,
    toPublicKey(octets) {
      const short = octets[0] ?? 0;
      if (octets.length < 3) return undefined;
      const start = short === 0 ? 3 : 1;
      const end = start + (short === 0 ? octets.readUInt16BE(1) : short);
      // Larger ones cost more than they are worth to who verifies (RFC 3110 §3).
      const isLarge = end - start > MAX_EXPONENT_BYTES || octets.length - end > MAX_MODULUS_BYTES;
      if (end >= octets.length || isLarge) return undefined;
      const e = octets.toString('base64url', start, end);
      return publicKey({ kty: 'RSA', e, n: octets.toString('base64url', end) });
    },
    fromPublicKey(key) {
      const exponent = field(key, 'e');
      const length =
        exponent.length < 256
          ? Uint8Array.of(exponent.length)
          : Uint8Array.of(0, exponent.length >> 8, exponent.length);
      return Buffer.concat([length, exponent, field(key, 'n')]);
    },
  };
}

function publicKey(key: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    // A point that is not on the curve.
    return undefined;
  }
}

function field(key: KeyObject, name: 'x' | 'y' | 'e' | 'n'): Buffer {
  return Buffer.from(String(key.export({ format: 'jwk' })[name]), 'base64url');
}
