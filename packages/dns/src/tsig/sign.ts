// Signing one message: a request, or the response to one (RFC 8945 §5.1, §5.3).
import type { TsigKey } from './key.ts';
import {
  appendTsig,
  DEFAULT_FUDGE,
  framedMac,
  TsigError,
  type TsigRecord,
  tsigRecordBytes,
  tsigVariables,
} from './tsig-record.ts';
import type { TsigOutcome } from './verify.ts';

/** Options for {@link signTsigRequest} and {@link signTsigResponse}. */
export interface SignTsigOptions {
  /** Wall time in seconds. */
  readonly nowSeconds: number;
  /** Seconds the clocks may differ. @defaultValue 300 */
  readonly fudgeSeconds?: number | undefined;
}

/** A signed request. The response is bound to its MAC. */
export interface SignedRequest {
  readonly bytes: Buffer;
  readonly mac: Buffer;
}

/** Octets of the other data of BADTIME. */
const SERVER_TIME_BYTES = 6;

const nothing = Buffer.alloc(0);

/** `message` signed with `key`. */
export function signTsigRequest(
  message: Buffer,
  options: SignTsigOptions & { readonly key: TsigKey },
): SignedRequest {
  const { key, nowSeconds, fudgeSeconds = DEFAULT_FUDGE } = options;
  const parts = { key, time: Math.floor(nowSeconds), fudge: fudgeSeconds };
  const record = signedRecord(message, parts);
  return { bytes: appendTsig(message, record), mac: record.mac };
}

/**
 * `message`, the response to a request whose signature was worth `outcome`, as it must be sent: signed, with an unsigned
 * TSIG record that says why the request was refused, or as it is.
 */
export function signTsigResponse(
  message: Buffer,
  outcome: TsigOutcome,
  options: SignTsigOptions,
): Buffer {
  if (outcome.kind === 'unsigned' || outcome.record === undefined) return message;
  const { key, record: request } = outcome;
  const { fudgeSeconds: fudge = DEFAULT_FUDGE } = options;
  const now = Math.floor(options.nowSeconds);
  const error = outcome.kind === 'refused' ? outcome.error : TsigError.None;
  if (key === undefined) {
    // Nothing that says who signed it can be believed: an empty MAC (RFC 8945 §5.3.2).
    const { keyName, algorithm, time } = request;
    const originalId = message.readUInt16BE(0);
    const mac = nothing;
    return appendTsig(message, {
      keyName,
      algorithm,
      time,
      fudge,
      mac,
      originalId,
      error,
      other: nothing,
    });
  }
  const late = error === TsigError.BadTime;
  const record = signedRecord(message, {
    key,
    fudge,
    error,
    // The client's own time, so that its check does not fail too, and ours for it to learn (RFC 8945 §5.2.3).
    time: late ? request.time : now,
    other: late ? uint48(now) : nothing,
    requestMac: request.mac,
  });
  return appendTsig(message, record);
}

/** Octets that {@link signTsigResponse} or {@link signTsigRequest} adds: to be left free by who writes the message. */
export function tsigBytes(of: TsigOutcome | TsigKey): number {
  if (!('kind' in of)) return tsigRecordBytes(of.name, of.algorithm.wireName, of.macBytes);
  if (of.kind === 'unsigned' || of.record === undefined) return 0;
  const { keyName, algorithm } = of.record;
  const late = of.kind === 'refused' && of.error === TsigError.BadTime;
  const timeBytes = late ? SERVER_TIME_BYTES : 0;
  return tsigRecordBytes(keyName, algorithm, of.key?.macBytes ?? 0) + timeBytes;
}

function signedRecord(
  message: Buffer,
  parts: {
    readonly key: TsigKey;
    readonly time: number;
    readonly fudge: number;
    readonly error?: number;
    readonly other?: Buffer;
    readonly requestMac?: Buffer;
  },
): TsigRecord {
  const { key, time, fudge, error = TsigError.None, other = nothing, requestMac } = parts;
  const { name: keyName } = key;
  const algorithm = key.algorithm.wireName;
  const hmac = key.hmac();
  if (requestMac !== undefined) hmac.update(framedMac(requestMac));
  hmac.update(message);
  hmac.update(tsigVariables(key.signedHead, { time, fudge, error, other }));
  const mac = hmac.digest().subarray(0, key.macBytes);
  return {
    keyName,
    algorithm,
    time,
    fudge,
    mac,
    originalId: message.readUInt16BE(0),
    error,
    other,
  };
}

function uint48(value: number): Buffer {
  const bytes = Buffer.alloc(SERVER_TIME_BYTES);
  bytes.writeUIntBE(value, 0, SERVER_TIME_BYTES);
  return bytes;
}
