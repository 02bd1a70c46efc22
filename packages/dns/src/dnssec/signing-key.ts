// Keys that sign zones. What is secret stays inside.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { usageError } from '../errors.ts';
import { Type } from '../numbers.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import {
  findAlgorithm,
  type KeyAlgorithm,
  makePrivateKey,
  type SignatureAlgorithm,
  signData,
  signDataLater,
} from './algorithm.ts';
import { keyTagOf } from './key-tag.ts';

/**
 * What a key signs. `csk`: everything, and the parent knows it. `ksk`: only the keys of the zone, and the parent knows it.
 * `zsk`: everything but the keys.
 */
export type KeyRole = 'csk' | 'ksk' | 'zsk';

/** ZONE_KEY (RFC 4034 §2.1.1). */
const ZONE_KEY = 0x0100;
/** SECURE_ENTRY_POINT (RFC 4034 §2.1.1). */
const ENTRY_POINT = 0x0001;

/** A private key of a zone. It is not shown by `inspect`, `JSON.stringify` or any error. */
export class SigningKey {
  readonly algorithm: SignatureAlgorithm;
  readonly role: KeyRole;
  /** Data of its DNSKEY record. */
  readonly rdata: Rdata;
  /** What signatures call it by (RFC 4034 Appendix B). */
  readonly tag: number;
  readonly #key: KeyObject;

  /** Use {@link generateKey} or {@link parseKeyFiles}. */
  constructor(algorithm: SignatureAlgorithm, role: KeyRole, key: KeyObject) {
    this.algorithm = algorithm;
    this.role = role;
    this.#key = key;
    const head = Buffer.from([0, 0, 3, algorithm.number]);
    head.writeUInt16BE(role === 'zsk' ? ZONE_KEY : ZONE_KEY | ENTRY_POINT);
    const octets = Buffer.concat([head, algorithm.fromPublicKey(createPublicKey(key))]);
    const rdata = checkRdata(Type.DNSKEY, octets);
    if (rdata === undefined)
      throw usageError('HAWSER_DNS_KEY', `Cannot use a key as ${algorithm.name}`);
    this.rdata = rdata;
    this.tag = keyTagOf(rdata.wire);
  }

  /** True if it signs the keys of the zone. */
  get signsKeys(): boolean {
    return this.role !== 'zsk';
  }

  /** True if it signs what the zone holds. */
  get signsData(): boolean {
    return this.role !== 'ksk';
  }

  /** The signature over `data`: some 30 µs with P-256, some 50 µs with Ed25519. */
  sign(data: Uint8Array): Buffer {
    return signData(this.algorithm, data, this.#key);
  }

  /** The same, made by another thread. */
  signLater(data: Uint8Array): Promise<Buffer> {
    return signDataLater(this.algorithm, data, this.#key);
  }

  /** The secret itself: keep it as you would a password. PKCS #8, DER. */
  exportPrivateKey(): Buffer {
    return this.#key.export({ format: 'der', type: 'pkcs8' });
  }

  /** `csk ECDSAP256SHA256 12345`. */
  toString(): string {
    return `${this.role} ${this.algorithm.name} ${this.tag}`;
  }

  toJSON(): { role: KeyRole; algorithm: string; tag: number } {
    return { role: this.role, algorithm: this.algorithm.name, tag: this.tag };
  }
}

/**
 * A new key.
 * @throws UsageError `HAWSER_DNS_KEY` for another algorithm
 */
export function generateKey(
  algorithm: KeyAlgorithm = 'ECDSAP256SHA256',
  options: { readonly role?: KeyRole | undefined } = {},
): SigningKey {
  const { role = 'csk' } = options;
  const found = findAlgorithm(algorithm);
  if (found === undefined || (algorithm !== 'ECDSAP256SHA256' && algorithm !== 'ED25519'))
    throw usageError('HAWSER_DNS_KEY', `Cannot make a key for algorithm "${String(algorithm)}"`);
  return new SigningKey(found, checkRole(role), makePrivateKey(algorithm));
}

/**
 * The key that {@link SigningKey.exportPrivateKey} gave.
 * @throws UsageError `HAWSER_DNS_KEY`
 */
export function importKey(
  algorithm: string | number,
  privateKey: Uint8Array,
  options: { readonly role?: KeyRole | undefined } = {},
): SigningKey {
  const { role = 'csk' } = options;
  const found = findAlgorithm(algorithm);
  if (found === undefined)
    throw usageError('HAWSER_DNS_KEY', `Cannot use a key for algorithm "${algorithm}"`);
  try {
    const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
    return new SigningKey(found, checkRole(role), key);
  } catch {
    // The error of the library may show what it was given.
    throw usageError('HAWSER_DNS_KEY', `Cannot use a private key as ${algorithm}`);
  }
}

function checkRole(role: KeyRole): KeyRole {
  if (role === 'csk' || role === 'ksk' || role === 'zsk') return role;
  throw usageError('HAWSER_DNS_KEY', `Cannot use a key as "${String(role)}"`);
}
