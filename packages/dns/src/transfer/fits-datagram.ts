import type { DnsQuery } from '../contract/query.ts';
import { EdnsOption } from '../message/edns.ts';
import { MessageWriter } from '../message/writer.ts';
import type { RRset } from '../zone/rrset.ts';

/** The smallest datagram that arrives everywhere, whatever the server would allow. */
const MAX_UDP_BYTES = 1232;
/** A signature besides its key name: fixed fields, the longest algorithm name and hash. */
const SIGNATURE_BYTES = 128;

let writer: MessageWriter | undefined;

/** True if `rrsets` and an EXPIRE option go into one datagram in reply to `query`. Takes no more of them than that. */
export function fitsDatagram(
  { edns, tsigKey, message }: DnsQuery,
  rrsets: Iterable<RRset>,
): boolean {
  // Written to see: names are compressed, so that an estimate would be far too large.
  writer ??= new MessageWriter();
  const size = edns === undefined ? 512 : Math.min(Math.max(512, edns.udpSize), MAX_UDP_BYTES);
  const expire = { code: EdnsOption.Expire, data: Buffer.alloc(4) };
  writer.begin({
    id: 0,
    flags: 0,
    maxBytes: size,
    reserveBytes: tsigKey === undefined ? 0 : tsigKey.wire.length + SIGNATURE_BYTES,
    edns: edns && { udpSize: size, options: [expire] },
  });
  if (message.question !== undefined) writer.question(message.bytes, message.question);
  for (const rrset of rrsets) if (!writer.rrset('answer', rrset)) return false;
  return true;
}
