import type { Matcher } from '@hawser/core';
import { HEADER_BYTES } from './message/header.ts';
import { Opcode } from './numbers.ts';

/** Shortest query: a header, a root name, type and class. */
const MIN_MESSAGE_BYTES = HEADER_BYTES + 5;

/**
 * Tells DNS over TCP from other protocols by its first 14 octets: a length that a query can have, a header that is no
 * response, a known opcode, one question, and no answers, in whose place an UPDATE has prerequisites and a NOTIFY a SOA.
 * Text protocols fail at the counts.
 */
export const matchDns: Matcher = {
  maxBytes: 2 + HEADER_BYTES,
  test(head) {
    if (head.length >= 2 && head.readUInt16BE(0) < MIN_MESSAGE_BYTES) return 'no';
    if (head.length >= 5 && !isQueryFlags(head[4] ?? 0)) return 'no';
    if (head.length >= 8 && head.readUInt16BE(6) !== 1) return 'no';
    if (head.length >= 10 && head.readUInt16BE(8) > mostAnswers(head[4] ?? 0)) return 'no';
    return head.length >= 2 + HEADER_BYTES ? 'yes' : 'more';
  },
};

/** Few enough that the first octets of no other protocol are taken for a count. */
function mostAnswers(octet: number): number {
  return opcodeOf(octet) === Opcode.Query ? 0 : 0xff;
}

function opcodeOf(octet: number): number {
  return (octet >> 3) & 15;
}

function isQueryFlags(octet: number): boolean {
  const opcode = opcodeOf(octet);
  return (
    octet < 0x80 &&
    (opcode === Opcode.Query || opcode === Opcode.Notify || opcode === Opcode.Update)
  );
}
