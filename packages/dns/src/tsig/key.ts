import { createHmac, createSecretKey, type Hmac, type KeyObject } from 'node:crypto';
import { usageError } from '../errors.ts';
import { Name } from '../name.ts';
import {
  findAlgorithm,
  shortestMac,
  type TsigAlgorithm,
  type TsigAlgorithmName,
} from './algorithm.ts';

/** Options for {@link tsigKey}. */
export interface TsigKeyOptions {
  /**
   * Octets of the MACs we send, and the fewest we take: less is answered with BADTRUNC.
   * @defaultValue all that the algorithm has
   */
  readonly macBytes?: number | undefined;
  /** Allow `hmac-md5`, which is broken, for a peer that knows nothing else. @defaultValue false */
  readonly md5?: boolean | undefined;
}

/**
 * A secret shared with somebody, its name, and the one algorithm it is for (RFC 8945). The secret is not shown by
 * `inspect`, `JSON.stringify` or any error.
 */
export class TsigKey {
  readonly name: Name;
  readonly algorithm: TsigAlgorithm;
  /** Octets of the MACs we send, and the fewest we take. */
  readonly macBytes: number;
  /** What every signature of this key covers: its name, class ANY, TTL 0, its algorithm (RFC 8945 §4.3.3). */
  readonly signedHead: Buffer;
  readonly #secret: KeyObject;

  /** Use {@link tsigKey}, which checks its arguments. */
  constructor(parts: {
    readonly name: Name;
    readonly algorithm: TsigAlgorithm;
    readonly macBytes: number;
    readonly secret: Uint8Array;
  }) {
    this.name = parts.name;
    this.algorithm = parts.algorithm;
    this.macBytes = parts.macBytes;
    this.#secret = createSecretKey(parts.secret);
    this.signedHead = Buffer.from(
      `${this.name.key}\0\xff\0\0\0\0${this.algorithm.wireName.key}`,
      'latin1',
    );
  }

  /** A new HMAC of this key. Its result has all octets of the hash. */
  hmac(): Hmac {
    return createHmac(this.algorithm.hash, this.#secret);
  }

  /** `hmac-sha256:update-key`, without the secret. */
  toString(): string {
    return `${this.algorithm.name}:${this.name}`;
  }

  toJSON(): { name: string; algorithm: TsigAlgorithmName } {
    return { name: this.name.toString(), algorithm: this.algorithm.name };
  }
}

/**
 * The key `name` for `algorithm`. `secret` is octets, or base64 as `tsig-keygen` prints it.
 * @throws UsageError `HAWSER_DNS_KEY` for no name, an unknown algorithm, a secret that is empty or no base64, or a bad length of MACs
 */
export function tsigKey(
  name: Name | string,
  algorithm: TsigAlgorithmName,
  secret: Uint8Array | string,
  options: TsigKeyOptions = {},
): TsigKey {
  const keyName = typeof name === 'string' ? Name.parse(name) : name;
  // The name of none is mostly a setting that is missing.
  if (keyName.isRoot) throw usageError('HAWSER_DNS_KEY', 'Cannot use a key that has no name');
  const found = findAlgorithm(String(algorithm));
  if (found === undefined) {
    throw usageError('HAWSER_DNS_KEY', `Cannot use key "${keyName}": no algorithm "${algorithm}"`);
  }
  if (found.name === 'hmac-md5' && options.md5 !== true) {
    throw usageError(
      'HAWSER_DNS_KEY',
      `Cannot use key "${keyName}" as hmac-md5 must be allowed with the option md5`,
    );
  }
  const octets = typeof secret === 'string' ? fromBase64(secret) : secret;
  if (octets === undefined || octets.length === 0) {
    throw usageError('HAWSER_DNS_KEY', `Cannot use the secret of key "${keyName}" as base64`);
  }
  const { macBytes = found.macBytes } = options;
  if (!Number.isInteger(macBytes) || macBytes < shortestMac(found) || macBytes > found.macBytes) {
    throw usageError(
      'HAWSER_DNS_KEY',
      `Cannot use key "${keyName}" as MACs must have ${shortestMac(found)} to ${found.macBytes} octets: ${macBytes}`,
    );
  }
  return new TsigKey({ name: keyName, algorithm: found, macBytes, secret: octets });
}

function fromBase64(text: string): Buffer | undefined {
  const digits = text.replace(/\s+/g, '');
  const valid = /^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(digits) && !digits.includes('_');
  return valid ? Buffer.from(digits, 'base64') : undefined;
}
