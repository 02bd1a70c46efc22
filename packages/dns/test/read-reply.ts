// A reply in a form that is good to compare: records as lines of text.
import { nameAt, readMessage, recordsOf, type Section } from '../src/message/reader.ts';
import { formatType, Type } from '../src/numbers.ts';
import { decodeRdata } from '../src/rdata/decode-rdata.ts';
import { checkRdata } from '../src/rdata/rdata.ts';

export interface ReadReply {
  readonly id: number;
  readonly rcode: number;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly flags: number;
  readonly counts: readonly [number, number, number, number];
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  readonly edns:
    | { readonly udpSize: number; readonly version: number; readonly dnssecOk: boolean }
    | undefined;
}

/** Reads a reply, which must be flawless. Throws otherwise. */
export function readReply(bytes: Buffer | undefined): ReadReply {
  if (bytes === undefined) throw new Error('there is no reply');
  const reading = readMessage(bytes);
  if (!reading.ok) throw new Error(`the reply is malformed: ${bytes.toString('hex')}`);
  const { header, edns } = reading.message;
  const lines = (section: Section): string[] => {
    const list: string[] = [];
    for (const view of recordsOf(reading.message, section)) {
      if (view.type === Type.OPT) continue;
      const owner = nameAt(reading.message, view.nameOffset);
      const rdata = expand(bytes, view.type, view.rdataOffset, view.rdataLength);
      if (owner === undefined || rdata === undefined)
        throw new Error(`bad record in ${bytes.toString('hex')}`);
      const value = decodeRdata(view.type, rdata);
      const text = typeof value === 'string' ? value : Object.values(value).join(' ');
      list.push(`${owner} ${view.ttl} ${formatType(view.type)} ${text}`);
    }
    return list;
  };
  return {
    id: header.id,
    rcode: header.rcode | ((edns?.extendedRcode ?? 0) << 4),
    aa: (header.flags & 0x0400) !== 0,
    tc: (header.flags & 0x0200) !== 0,
    flags: header.flags,
    counts: [header.questions, header.answers, header.authorities, header.additionals],
    answer: lines('answer'),
    authority: lines('authority'),
    additional: lines('additional'),
    edns: edns && { udpSize: edns.udpSize, version: edns.version, dnssecOk: edns.dnssecOk },
  };
}

/** RDATA with its names uncompressed. */
function expand(bytes: Buffer, type: number, offset: number, length: number) {
  const prefix = type === Type.MX ? 2 : 0;
  const names =
    type === Type.SOA ? 2 : [Type.NS, Type.CNAME, Type.PTR, Type.MX].includes(type as 2) ? 1 : 0;
  if (names === 0) return checkRdata(type, Buffer.from(bytes.subarray(offset, offset + length)));
  const reading = readMessage(bytes);
  if (!reading.ok) return undefined;
  const parts: Buffer[] = [bytes.subarray(offset, offset + prefix)];
  let at = offset + prefix;
  for (let index = 0; index < names; index++) {
    const name = nameAt(reading.message, at);
    if (name === undefined) return undefined;
    parts.push(name.wire);
    while (bytes[at] !== 0 && (bytes[at] ?? 0) < 0xc0) at += 1 + (bytes[at] ?? 0);
    at += bytes[at] === 0 ? 1 : 2;
  }
  parts.push(bytes.subarray(at, offset + length));
  return checkRdata(type, Buffer.concat(parts));
}
