// EDNS(0), the OPT pseudo-record (RFC 6891 §6).

/** Octets of an OPT record without options. */
export const OPT_BYTES = 11;
/** Codes of EDNS options. */
export const EdnsOption = {
  Nsid: 3,
  ClientSubnet: 8,
  Cookie: 10,
  Keepalive: 11,
  Padding: 12,
  Error: 15,
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
  /** In the order they came; `offset` and `length` cut the value out of the message. */
  readonly options: readonly EdnsOptionView[];
}

/** One option in place. */
export interface EdnsOptionView {
  readonly code: number;
  readonly offset: number;
  readonly length: number;
}

const noOptions: readonly EdnsOptionView[] = [];

/**
 * The OPT record whose class, TTL and RDATA these are. Undefined unless the options tile the RDATA exactly and a cookie has
 * a possible length (RFC 7873 §4).
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
    options,
  };
}

function readOptions(bytes: Buffer, start: number, length: number): EdnsOptionView[] | undefined {
  const options: EdnsOptionView[] = [];
  const end = start + length;
  let at = start;
  while (at < end) {
    if (at + 4 > end) return undefined;
    const code = bytes.readUInt16BE(at);
    const size = bytes.readUInt16BE(at + 2);
    if (at + 4 + size > end) return undefined;
    if (code === EdnsOption.Cookie && !isCookieLength(size)) return undefined;
    options.push({ code, offset: at + 4, length: size });
    at += 4 + size;
  }
  return options;
}

function isCookieLength(size: number): boolean {
  return size === 8 || (size >= 16 && size <= 40);
}
