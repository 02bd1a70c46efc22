import { atOnce } from '../../src/in-turns.ts';
// What a primary with a zone says, to be disturbed by tests.

import { Flag } from '../../src/message/header.ts';
import type { DnsMessage } from '../../src/message/parse-message.ts';
import type { DnsRecord } from '../../src/message/record.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { decodeSoa } from '../../src/rdata/decode-rdata.ts';
import { incremental, incrementsOf, wholeZone } from '../../src/transfer/transfer-records.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import type { Says, Script } from '../client/fake-server.ts';
import type { JournaledZone } from './journaled-zone.ts';

export interface PrimaryOptions {
  /** In place of what would be right, if it gives something. */
  readonly instead?: (query: DnsMessage) => Says | readonly Says[] | undefined;
  /** Changes what is transferred. */
  readonly disturb?: ((records: DnsRecord[], query: DnsMessage) => DnsRecord[]) | undefined;
  readonly expireSeconds?: () => number | undefined;
}

export function primaryScript(zone: JournaledZone, options: PrimaryOptions = {}): Script {
  const { instead, disturb = (records) => records, expireSeconds } = options;
  return (query) => {
    const other = instead?.(query);
    if (other !== undefined) return other;
    const seconds = expireSeconds?.();
    const edns =
      seconds === undefined ? {} : { edns: { udpSize: 1232, options: [expire(seconds)] } };
    const flags = Flag.Authoritative;
    const { snapshot } = zone;
    if (snapshot === undefined) return { rcode: Rcode.ServFail };
    if (query.question?.type === Type.AXFR)
      return { flags, answer: disturb(toRecords(wholeZone(snapshot)), query), ...edns };
    if (query.question?.type === Type.IXFR)
      return { flags, answer: disturb(toRecords(changesFor(query, zone)), query), ...edns };
    return { flags, answer: toRecords([snapshot.soa]), ...edns };
  };
}

export function toRecords(rrsets: Iterable<RRset>): DnsRecord[] {
  const list: DnsRecord[] = [];
  for (const { name, type, ttl, records } of rrsets)
    for (const rdata of records) list.push({ name, type, class: 1, ttl, rdata });
  return list;
}

function changesFor({ authority }: DnsMessage, zone: JournaledZone): Iterable<RRset> {
  const wire = authority[0]?.rdata?.wire ?? Buffer.alloc(0);
  const { serial } = decodeSoa(wire);
  if (serial === zone.zone.serial) return [zone.zone.soa];
  const first = zone.changes.findIndex(({ from }) => from === serial);
  const increments = first < 0 ? undefined : atOnce(incrementsOf(zone.changes.slice(first)));
  return increments === undefined ? wholeZone(zone.zone) : incremental(increments);
}

function expire(seconds: number): { code: number; data: Buffer } {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(seconds);
  return { code: 9, data };
}
