// Is this response from the server we asked? (RFC 8945 §5.4)
import type { TsigKey } from './key.ts';
import { isTsig, readTsig, type SignedMessage, TsigError, type TsigRecord } from './tsig-record.ts';
import { isMacLength, isMacRight } from './verify.ts';

/** Options for {@link verifyTsigResponse}. */
export interface VerifyResponseOptions {
  /** The key the request was signed with. */
  readonly key: TsigKey;
  /** The MAC of the request. */
  readonly requestMac: Uint8Array;
  /** Wall time in seconds. */
  readonly nowSeconds: number;
}

/** Why a response does not count. */
export interface FailedTsig {
  readonly kind: 'failed';
  /**
   * `unsigned`: no signature. `forged`: not made with our key, or changed on its way. `stale`: the clocks differ too much.
   * `refused`: the server does not take our signature; `error` says why, and nobody signed that.
   * `clock`: the server says, signed, that our clock is wrong; its own is `serverSeconds`.
   */
  readonly reason: 'unsigned' | 'forged' | 'stale' | 'refused' | 'clock';
  /** A `TsigError` of the server, or 0. */
  readonly error: number;
  readonly serverSeconds?: number | undefined;
}

/** What the signature of a response is worth. */
export type ResponseOutcome =
  | { readonly kind: 'verified'; readonly record: TsigRecord }
  | FailedTsig;

/** Checks the signature of the response to a request that we signed. */
export function verifyTsigResponse(
  message: SignedMessage,
  options: VerifyResponseOptions,
): ResponseOutcome {
  const { key, requestMac, nowSeconds } = options;
  const record = tsigOf(message, key);
  if ('kind' in record) return record;
  if (!isMacRight(key, { message, record, requestMac })) return failed('forged');
  return checkTime(record, { key, nowSeconds });
}

/** The TSIG record of `message`, if it can be one of `key`. */
export function tsigOf(message: SignedMessage, key: TsigKey): TsigRecord | FailedTsig {
  const { bytes, signatureOffset } = message;
  if (signatureOffset === undefined) return failed('unsigned');
  const record = isTsig(bytes, signatureOffset) ? readTsig(bytes, signatureOffset) : undefined;
  if (record === undefined) return failed('forged');
  const { error, mac } = record;
  if ((error === TsigError.BadKey || error === TsigError.BadSig) && mac.length === 0) {
    return failed('refused', error);
  }
  const ours =
    record.keyName.equals(key.name) &&
    record.algorithm.equals(key.algorithm.wireName) &&
    isMacLength(record);
  return ours ? record : failed('forged');
}

/** What the server says about time, once it is known to be the server. */
export function checkTime(
  record: TsigRecord,
  { key, nowSeconds }: { readonly key: TsigKey; readonly nowSeconds: number },
): ResponseOutcome {
  const { error, other } = record;
  if (error === TsigError.BadTime && other.length === 6) {
    return { kind: 'failed', reason: 'clock', error, serverSeconds: other.readUIntBE(0, 6) };
  }
  if (error !== TsigError.None) return failed('refused', error);
  if (Math.abs(Math.floor(nowSeconds) - record.time) > record.fudge) return failed('stale');
  return record.mac.length < key.macBytes ? failed('forged') : { kind: 'verified', record };
}

/** A failure without more to say. */
export function failed(reason: FailedTsig['reason'], error: number = TsigError.None): FailedTsig {
  return { kind: 'failed', reason, error };
}
