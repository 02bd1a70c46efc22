// The records of a zone, gathered while they come.
import { type Has, UsageError } from '@hawser/core';
import { inTurns } from '../in-turns.ts';
import type { DnsRecord } from '../message/record.ts';
import type { Name } from '../name.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { MAX_TTL, type RRset } from '../zone/rrset.ts';
import { Zone } from '../zone/zone.ts';
import type { ZoneBuilder } from '../zone/zone-builder.ts';
import { recordKey } from './record-changes.ts';

interface Gathered {
  readonly name: Name;
  readonly type: number;
  ttl: number;
  readonly records: Map<string, Rdata>;
}

/** A zone made of single records, in any order. Equal data is one record, and the lowest TTL counts (RFC 2181 §5.2). */
export class GatheredZone {
  readonly #builder: ZoneBuilder;
  /** Those of one name and type mostly come together. */
  #open: Gathered | undefined;
  #problem: string | undefined;

  constructor(origin: Name) {
    this.#builder = Zone.builder(origin);
  }

  add({ name, type, ttl: sent, rdata }: DnsRecord): void {
    if (rdata === undefined) return;
    // One with the top bit set is zero (§8).
    const ttl = sent > MAX_TTL ? 0 : sent;
    let open = this.#open;
    if (open === undefined || open.type !== type || !open.name.equals(name)) {
      this.#close();
      open = this.#open = { name, type, ttl, records: new Map() };
    }
    open.ttl = Math.min(open.ttl, ttl);
    open.records.set(recordKey(rdata), rdata);
  }

  /** The zone, once; or why the records are none. The names of a signed zone are put in order in turns. */
  async done(reactor: Has<'clock'>): Promise<Zone | string> {
    this.#close();
    if (this.#problem !== undefined) return this.#problem;
    try {
      return await inTurns(this.#builder.finishing(), reactor);
    } catch (error) {
      return reasonOf(error);
    }
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || this.#problem !== undefined) return;
    const { name, type } = open;
    try {
      const before = this.#builder.get(name, type);
      if (before !== undefined) include(open, before);
      this.#builder.add({ name, type, ttl: open.ttl, records: [...open.records.values()] });
    } catch (error) {
      this.#problem = reasonOf(error);
    }
  }
}

function include(open: Gathered, { ttl, records }: RRset): void {
  open.ttl = Math.min(open.ttl, ttl);
  for (const rdata of records) open.records.set(recordKey(rdata), rdata);
}

/** What a peer sends is no mistake of ours. */
function reasonOf(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  throw error;
}
