// Is this the reply to that query? What a stranger can guess must not be enough (RFC 5452 §9).
import { HEADER_BYTES, readHeader } from '../message/header.ts';
import { foldedKey, plainNameEnd } from '../name.ts';
import { Opcode, Rcode } from '../numbers.ts';

/**
 * How a message fits a query: it answers it; it does but spells the name differently, as a forger would have to and some
 * servers do; it does not.
 */
export type ReplyMatch = 'reply' | 'respelled' | 'other';

/** How `reply` fits `query`. Both are whole messages; nothing of `reply` is believed. */
export function matchReply(query: Buffer, reply: Buffer): ReplyMatch {
  const asked = readHeader(query);
  const said = readHeader(reply);
  if (asked === undefined || said === undefined) return 'other';
  if (said.id !== asked.id || (said.flags & 0x8000) === 0 || said.opcode !== asked.opcode)
    return 'other';
  if (said.questions === 0) {
    // Who cannot read a question cannot repeat it, and an UPDATE need not be (RFC 2136 §3.8).
    const excused =
      asked.questions === 0 ||
      asked.opcode === Opcode.Update ||
      said.rcode === Rcode.FormErr ||
      said.rcode === Rcode.NotImp ||
      said.rcode === Rcode.ServFail ||
      said.rcode === Rcode.Refused;
    return excused && said.answers === 0 ? 'reply' : 'other';
  }
  if (said.questions !== 1 || asked.questions !== 1) return 'other';
  const end = plainNameEnd(query, HEADER_BYTES) + 4;
  if (reply.length < end) return 'other';
  if (query.compare(reply, HEADER_BYTES, end, HEADER_BYTES, end) === 0) return 'reply';
  const sameNumbers = query.compare(reply, end - 4, end, end - 4, end) === 0;
  const sameName =
    plainNameEnd(reply, HEADER_BYTES) === end - 4 &&
    foldedKey(query, HEADER_BYTES, end - 4) === foldedKey(reply, HEADER_BYTES, end - 4);
  return sameNumbers && sameName ? 'respelled' : 'other';
}
