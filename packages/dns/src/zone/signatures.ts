// Signatures a zone holds as records (RFC 4034 §3): all of a name are one RRset there, and go apart in answers.
import { Type } from '../numbers.ts';
import type { RRset } from './rrset.ts';
import type { ZoneNode } from './zone-node.ts';

/** The signatures over the RRset of `type` at `node`, if it has any. */
export function signaturesOver(node: ZoneNode, type: number): RRset | undefined {
  const all = node.get(Type.RRSIG);
  if (all === undefined) return undefined;
  // The type covered is the first field (RFC 4034 §3.1).
  const records = all.records.filter(({ wire }) => wire.readUInt16BE(0) === type);
  if (records.length === 0) return undefined;
  return { name: all.name, type: Type.RRSIG, ttl: all.ttl, records };
}
