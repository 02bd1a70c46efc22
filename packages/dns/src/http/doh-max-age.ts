import { type Message, readMessage, recordsOf } from '../message/reader.ts';
import { Rcode, Type } from '../numbers.ts';

const lasting: ReadonlySet<number> = new Set([Rcode.NoError, Rcode.NXDomain, Rcode.YXDomain]);
/** Of a SOA after its names. */
const SOA_NUMBERS_BYTES = 20;

/**
 * How long others may remember a reply, in seconds: the smallest TTL in its answer, and for one that says there is nothing what
 * the SOA says (RFC 8484 §5.1, RFC 2308 §5). 0 for a reply without any, and for a failure.
 */
export function dohMaxAge(reply: Buffer): number {
  const reading = readMessage(reply);
  if (!reading.ok) return 0;
  const { message } = reading;
  // A failure may be over at any moment, whatever it comes with (RFC 2308 §7).
  if (!lasting.has(message.header.rcode)) return 0;
  const answer = smallestTtl(message);
  return answer ?? negativeTtl(message) ?? 0;
}

function smallestTtl(message: Message): number | undefined {
  let smallest: number | undefined;
  for (const { ttl } of recordsOf(message, 'answer')) {
    if (smallest === undefined || ttl < smallest) smallest = ttl;
  }
  // An alias to nothing is good for as long as the alias, and as the nothing.
  const negative = smallest === undefined ? undefined : negativeTtl(message);
  return negative === undefined ? smallest : Math.min(smallest ?? 0, negative);
}

function negativeTtl(message: Message): number | undefined {
  for (const { type, ttl, rdataOffset, rdataLength } of recordsOf(message, 'authority')) {
    if (type !== Type.SOA || rdataLength < SOA_NUMBERS_BYTES) continue;
    return Math.min(ttl, message.bytes.readUInt32BE(rdataOffset + rdataLength - 4));
  }
  return undefined;
}
