// Is this request from somebody who has a key of ours? The checks and their order are those of RFC 8945 §5.2.
import { timingSafeEqual } from 'node:crypto';
import { HEADER_BYTES } from '../message/header.ts';
import { Rcode } from '../numbers.ts';
import { algorithmOf, shortestMac } from './algorithm.ts';
import type { TsigKey } from './key.ts';
import type { Keyring } from './keyring.ts';
import {
  framedMac,
  isTsig,
  readTsig,
  type SignedMessage,
  TsigError,
  type TsigRecord,
  tsigVariables,
  unsignedHeader,
} from './tsig-record.ts';

/** Options for {@link verifyTsig}. */
export interface VerifyTsigOptions {
  readonly keyring: Keyring;
  /** Wall time in seconds. */
  readonly nowSeconds: number;
  /**
   * Most seconds a signature is good for, whatever its signer says: somebody who recorded a message can send it again for
   * so long.
   * @defaultValue 3600
   */
  readonly maxFudgeSeconds?: number | undefined;
}

/** A message of somebody who has `key`. */
export interface VerifiedTsig {
  readonly kind: 'verified';
  readonly key: TsigKey;
  readonly record: TsigRecord;
}

/** A message whose signature does not count. It must not be acted upon. */
export interface RefusedTsig {
  readonly kind: 'refused';
  /** The response code of the reply. */
  readonly rcode: number;
  /** The error in the TSIG record of the reply; without `record` the reply gets none. */
  readonly error: number;
  readonly record: TsigRecord | undefined;
  /** Present if the reply is to be signed. */
  readonly key: TsigKey | undefined;
}

/** What a signature is worth. */
export type TsigOutcome = { readonly kind: 'unsigned' } | VerifiedTsig | RefusedTsig;

const unsigned: TsigOutcome = { kind: 'unsigned' };

/**
 * Checks the signature of a request that the reader found well-formed; that a TSIG record is the last one, and the only one,
 * is the reader's check. A SIG(0) is refused: we know no such keys.
 */
export function verifyTsig(message: SignedMessage, options: VerifyTsigOptions): TsigOutcome {
  const { keyring, maxFudgeSeconds = 3600 } = options;
  const now = Math.floor(options.nowSeconds);
  const { bytes, signatureOffset } = message;
  if (signatureOffset === undefined) return unsigned;
  if (!isTsig(bytes, signatureOffset)) return refused(Rcode.NotAuth, TsigError.None);
  const record = readTsig(bytes, signatureOffset);
  if (record === undefined || !isMacLength(record)) return refused(Rcode.FormErr, TsigError.None);
  const key = keyring.get(record.keyName);
  if (key === undefined || key.algorithm.wireName.key !== record.algorithm.key) {
    return refused(Rcode.NotAuth, TsigError.BadKey, { record });
  }
  if (!isMacRight(key, { message, record })) {
    return refused(Rcode.NotAuth, TsigError.BadSig, { record });
  }
  if (Math.abs(now - record.time) > Math.min(record.fudge, maxFudgeSeconds)) {
    return refused(Rcode.NotAuth, TsigError.BadTime, { record, key });
  }
  if (record.mac.length < key.macBytes) {
    return refused(Rcode.NotAuth, TsigError.BadTrunc, { record, key });
  }
  return { kind: 'verified', key, record };
}

/** True if the MAC in `record` is what `key` makes of the message, as far as it goes. */
export function isMacRight(
  key: TsigKey,
  signed: {
    readonly message: SignedMessage;
    readonly record: TsigRecord;
    /** For a response: the MAC of the request. */
    readonly requestMac?: Uint8Array | undefined;
  },
): boolean {
  const { message, record, requestMac } = signed;
  const hmac = key.hmac();
  if (requestMac !== undefined) hmac.update(framedMac(requestMac));
  hmac.update(unsignedHeader(message.bytes, record.originalId));
  hmac.update(message.bytes.subarray(HEADER_BYTES, message.signatureOffset));
  hmac.update(tsigVariables(key.signedHead, record));
  return sameMac(hmac.digest(), record.mac);
}

/** Compares as many octets as were sent, in a time that tells nothing about them. */
export function sameMac(whole: Buffer, sent: Buffer): boolean {
  return sent.length > 0 && timingSafeEqual(whole.subarray(0, sent.length), sent);
}

/** Of an algorithm nobody knows any length is possible. */
export function isMacLength({ algorithm, mac }: TsigRecord): boolean {
  const known = algorithmOf(algorithm);
  if (known === undefined) return true;
  return mac.length >= shortestMac(known) && mac.length <= known.macBytes;
}

function refused(
  rcode: number,
  error: number,
  found: { readonly record?: TsigRecord; readonly key?: TsigKey } = {},
): RefusedTsig {
  return { kind: 'refused', rcode, error, record: found.record, key: found.key };
}
