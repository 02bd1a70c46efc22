// The TSIG record in place and by itself (RFC 8945 §4.2), and what of it is signed (§4.3).
import { HEADER_BYTES } from '../message/header.ts';
import { nameBudget, readName, skipName } from '../message/packet-name.ts';
import { Name, plainNameEnd } from '../name.ts';
import { Class, Type } from '../numbers.ts';

/** Errors a TSIG record can carry (RFC 8945 §3). */
export const TsigError = { None: 0, BadSig: 16, BadKey: 17, BadTime: 18, BadTrunc: 22 } as const;

/** Seconds two clocks may differ (RFC 8945 §10). */
export const DEFAULT_FUDGE = 300;

/** What a TSIG record says. */
export interface TsigRecord {
  readonly keyName: Name;
  readonly algorithm: Name;
  /** Seconds since 1970. */
  readonly time: number;
  readonly fudge: number;
  readonly mac: Buffer;
  /** The id of the message when it was signed. */
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

/** A message and where its signature is. A `Message` and a `DnsMessage` are. */
export interface SignedMessage {
  readonly bytes: Buffer;
  readonly signatureOffset: number | undefined;
}

const headScratch = Buffer.alloc(HEADER_BYTES);

/** True if what is at `offset` is a TSIG record and not a SIG(0). */
export function isTsig(bytes: Buffer, offset: number): boolean {
  return bytes.readUInt16BE(skipName(bytes, offset)) === Type.TSIG;
}

/** The TSIG record at `offset`, whose bounds were checked by the reader; undefined if it is malformed. */
export function readTsig(bytes: Buffer, offset: number): TsigRecord | undefined {
  const keyName = readName(bytes, offset, nameBudget(0));
  const fixed = skipName(bytes, offset);
  if (keyName === undefined || bytes.readUInt16BE(fixed + 2) !== Class.ANY) return undefined;
  if (bytes.readUInt32BE(fixed + 4) !== 0) return undefined;
  const start = fixed + 10;
  const rdata = bytes.subarray(start, start + bytes.readUInt16BE(fixed + 8));
  const algorithmEnd = plainNameEnd(rdata, 0);
  if (algorithmEnd < 0 || algorithmEnd + 10 > rdata.length) return undefined;
  const macStart = algorithmEnd + 10;
  const macEnd = macStart + rdata.readUInt16BE(algorithmEnd + 8);
  if (macEnd + 6 > rdata.length) return undefined;
  const other = rdata.subarray(macEnd + 6);
  if (rdata.readUInt16BE(macEnd + 4) !== other.length) return undefined;
  return {
    keyName,
    algorithm: Name.fromWire(rdata),
    time: rdata.readUIntBE(algorithmEnd, 6),
    fudge: rdata.readUInt16BE(algorithmEnd + 6),
    mac: rdata.subarray(macStart, macEnd),
    originalId: rdata.readUInt16BE(macEnd),
    error: rdata.readUInt16BE(macEnd + 2),
    other,
  };
}

/** `message` with `record` behind it. */
export function appendTsig(message: Buffer, record: TsigRecord): Buffer {
  const { keyName, algorithm, mac, other } = record;
  const rdataBytes = algorithm.wire.length + 16 + mac.length + other.length;
  const signed = Buffer.allocUnsafe(message.length + keyName.wire.length + 10 + rdataBytes);
  let at = message.copy(signed);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  at += keyName.wire.copy(signed, at);
  at = signed.writeUInt16BE(Type.TSIG, at);
  at = signed.writeUInt16BE(Class.ANY, at);
  at = signed.writeUInt32BE(0, at);
  at = signed.writeUInt16BE(rdataBytes, at);
  at += algorithm.wire.copy(signed, at);
  at = signed.writeUIntBE(record.time, at, 6);
  at = signed.writeUInt16BE(record.fudge, at);
  at = signed.writeUInt16BE(mac.length, at);
  at += mac.copy(signed, at);
  at = signed.writeUInt16BE(record.originalId, at);
  at = signed.writeUInt16BE(record.error, at);
  at = signed.writeUInt16BE(other.length, at);
  other.copy(signed, at);
  return signed;
}

/** Octets of a TSIG record with a MAC of `macBytes` and no other data. */
export function tsigRecordBytes(keyName: Name, algorithm: Name, macBytes: number): number {
  return keyName.wire.length + 10 + algorithm.wire.length + 16 + macBytes;
}

/** What is signed of a message besides its octets; `head` is that of the key. */
export function tsigVariables(
  head: Buffer,
  { time, fudge, error, other }: Pick<TsigRecord, 'time' | 'fudge' | 'error' | 'other'>,
): Buffer {
  const variables = Buffer.allocUnsafe(head.length + 12 + other.length);
  let at = head.copy(variables);
  at = variables.writeUIntBE(time, at, 6);
  at = variables.writeUInt16BE(fudge, at);
  at = variables.writeUInt16BE(error, at);
  at = variables.writeUInt16BE(other.length, at);
  other.copy(variables, at);
  return variables;
}

/** What is signed of the second and later messages besides their octets (RFC 8945 §5.3.1). */
export function tsigTimers({ time, fudge }: { time: number; fudge: number }): Buffer {
  const timers = Buffer.alloc(8);
  timers.writeUIntBE(time, 0, 6);
  timers.writeUInt16BE(fudge, 6);
  return timers;
}

/** A MAC as later ones cover it: behind its length. */
export function framedMac(mac: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(mac.length >> 8, mac.length & 0xff), mac]);
}

/** The header of a message as it was before it was signed. Good until the next call. */
export function unsignedHeader(bytes: Buffer, originalId: number): Buffer {
  bytes.copy(headScratch, 0, 0, HEADER_BYTES);
  headScratch.writeUInt16BE(originalId, 0);
  headScratch.writeUInt16BE(bytes.readUInt16BE(10) - 1, 10);
  return headScratch;
}
