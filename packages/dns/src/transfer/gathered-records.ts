// The records of a zone as RRsets, gathered while they come: a million at once would stop everything else for seconds.
import type { DnsRecord } from '../message/record.ts';
import type { Name } from '../name.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { MAX_TTL, type RRset } from '../zone/rrset.ts';
import { recordKey } from './record-changes.ts';

interface Gathered extends RRset {
  readonly name: Name;
  readonly type: number;
  ttl: number;
  readonly records: Rdata[];
}

/** Up to so many records are compared with each other, more by what they are. */
const FEW = 8;

/** RRsets in the order of their first record. Equal data is one record, and the lowest TTL counts (RFC 2181 §5.2). */
export class GatheredRecords {
  readonly #rrsets = new Map<string, Gathered>();
  readonly #large = new Map<Gathered, Set<string>>();

  get rrsets(): Iterable<RRset> {
    return this.#rrsets.values();
  }

  add({ name, type, ttl: sent, rdata }: DnsRecord): void {
    if (rdata === undefined) return;
    // One with the top bit set is zero (§8).
    const ttl = sent > MAX_TTL ? 0 : sent;
    const id = `${type}/${name.key}`;
    const rrset = this.#rrsets.get(id);
    if (rrset === undefined) {
      this.#rrsets.set(id, { name, type, ttl, records: [rdata] });
      return;
    }
    rrset.ttl = Math.min(rrset.ttl, ttl);
    if (this.#isNew(rrset, rdata)) rrset.records.push(rdata);
  }

  #isNew(rrset: Gathered, rdata: Rdata): boolean {
    const { records } = rrset;
    if (records.length < FEW) return records.every(({ wire }) => !wire.equals(rdata.wire));
    let known = this.#large.get(rrset);
    if (known === undefined) {
      known = new Set(records.map(recordKey));
      this.#large.set(rrset, known);
    }
    const key = recordKey(rdata);
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  }
}
