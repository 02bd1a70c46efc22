// EDNS(0), the OPT pseudo-record (RFC 6891 §6).

/** Octets of an OPT record without options. */
export const OPT_BYTES = 11;
/** Codes of EDNS options. */
export const EdnsOption = {
  UpdateLease: 2,
  Nsid: 3,
  ClientSubnet: 8,
  Expire: 9,
  Cookie: 10,
  Keepalive: 11,
  Padding: 12,
  Chain: 13,
  KeyTag: 14,
  Error: 15,
  ReportChannel: 18,
  ZoneVersion: 19,
} as const;

/** What an OPT record says. */
export interface Edns {
  /** Largest UDP payload the sender takes, as it said. */
  readonly udpSize: number;
  /** The high eight bits of the response code. */
  readonly extendedRcode: number;
  readonly version: number;
  /** The DO bit: DNSSEC records are welcome (RFC 3225). */
  readonly dnssecOk: boolean;
  /** The CO bit: compact answers are understood (RFC 9824 §5.1). */
  readonly compactOk: boolean;
  /** In the order they came; `offset` and `length` cut the value out of the message. */
  readonly options: readonly EdnsOptionView[];
}

/** One option in place. */
export interface EdnsOptionView {
  readonly code: number;
  readonly offset: number;
  readonly length: number;
}

/** One option by itself. */
export interface EdnsOptionData {
  readonly code: number;
  readonly data: Uint8Array;
}

/** An OPT record to end a message with. Its version is 0. */
export interface EdnsStart {
  /** Largest UDP payload we take. */
  readonly udpSize: number;
  readonly dnssecOk?: boolean | undefined;
  readonly compactOk?: boolean | undefined;
  readonly options?: readonly EdnsOptionData[] | undefined;
  /** Pad the message until its size, signature included, is a multiple of this (RFC 8467: 128 for queries, 468 for responses). */
  readonly padToBytes?: number | undefined;
}

/** More options than anybody has a use for. */
const MAX_OPTIONS = 256;

const noOptions: readonly EdnsOptionView[] = [];

/**
 * The OPT record whose class, TTL and RDATA these are. Undefined unless the options tile the RDATA exactly, are
 * 256 at most, and a cookie has a possible length (RFC 7873 §4).
 */
export function readEdns(
  bytes: Buffer,
  classOffset: number,
  rdataLength: number,
): Edns | undefined {
  const ttl = bytes.readUInt32BE(classOffset + 2);
  let options = noOptions;
  if (rdataLength > 0) {
    const found = readOptions(bytes, classOffset + 8, rdataLength);
    if (found === undefined) return undefined;
    options = found;
  }
  return {
    udpSize: bytes.readUInt16BE(classOffset),
    extendedRcode: ttl >>> 24,
    version: (ttl >>> 16) & 0xff,
    dnssecOk: (ttl & 0x8000) !== 0,
    compactOk: (ttl & 0x4000) !== 0,
    options,
  };
}

/** The value of the first option `code` in place, or undefined. Not copied. */
export function optionIn(bytes: Buffer, edns: Edns | undefined, code: number): Buffer | undefined {
  const view = edns?.options.find((each) => each.code === code);
  return view && bytes.subarray(view.offset, view.offset + view.length);
}

function readOptions(bytes: Buffer, start: number, length: number): EdnsOptionView[] | undefined {
  const options: EdnsOptionView[] = [];
  const end = start + length;
  let at = start;
  while (at < end) {
    if (at + 4 > end || options.length === MAX_OPTIONS) return undefined;
    const code = bytes.readUInt16BE(at);
    const size = bytes.readUInt16BE(at + 2);
    if (at + 4 + size > end) return undefined;
    if (code === EdnsOption.Cookie && !isCookieLength(size)) return undefined;
    options.push({ code, offset: at + 4, length: size });
    at += 4 + size;
  }
  return options;
}

/** True for the lengths that a cookie may have, in octets (RFC 7873 §4). */
export function isCookieLength(size: number): boolean {
  return size === 8 || (size >= 16 && size <= 40);
}
