// The 12 octets every message begins with (RFC 1035 §4.1.1).

/** Octets of a header. */
export const HEADER_BYTES = 12;

/** Bits of the second 16-bit word. */
export const Flag = {
  Response: 0x8000,
  Authoritative: 0x0400,
  Truncated: 0x0200,
  RecursionDesired: 0x0100,
  RecursionAvailable: 0x0080,
  AuthenticData: 0x0020,
  CheckingDisabled: 0x0010,
} as const;

/** A decoded header. */
export interface Header {
  readonly id: number;
  /** The second word as it came: {@link Flag} bits, opcode and rcode. */
  readonly flags: number;
  readonly opcode: number;
  /** The low four bits of the response code. */
  readonly rcode: number;
  readonly questions: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
}

/** The header of `bytes`, or undefined if there is no whole one. */
export function readHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes.readUInt16BE(2);
  return {
    id: bytes.readUInt16BE(0),
    flags,
    opcode: (flags >> 11) & 15,
    rcode: flags & 15,
    questions: bytes.readUInt16BE(4),
    answers: bytes.readUInt16BE(6),
    authorities: bytes.readUInt16BE(8),
    additionals: bytes.readUInt16BE(10),
  };
}

/**
 * False if the counts promise more than `length` octets can hold. A question takes 5 octets at least, a record 11. Asked
 * before anything is allocated or walked: a dozen octets must not make anybody count to 262,140.
 */
export function countsFit(header: Header, length: number): boolean {
  const records = header.answers + header.authorities + header.additionals;
  return header.questions * 5 + records * 11 <= length - HEADER_BYTES;
}
