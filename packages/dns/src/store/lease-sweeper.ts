// Takes records away when their time is over.
import type { DelayedCall, Has } from '@hawser/core';
import type { Decision, LeaseEdit } from '../contract/live-zone.ts';
import type { Name } from '../name.ts';
import type { Edit, Zone } from '../zone/zone.ts';
import { isVital, type LeaseView } from './lease-book.ts';
import type { ZoneWriter } from './zone-writer.ts';

/** Sweeps are at least this far apart: what ends within it goes together. */
const MIN_WAIT_MS = 1000;
/** The wall clock may jump, and a timer would not notice. */
const MAX_WAIT_MS = 60_000;
/** After a failure of the store. */
const RETRY_MS = 5000;
/** Records deleted in one change. */
const MAX_SWEPT = 1000;

/** Waits for the leases of one zone, and deletes what has ended by an ordinary change. */
export class LeaseSweeper implements Disposable {
  readonly #writer: ZoneWriter;
  readonly #reactor: Has<'clock' | 'reports'>;
  #timer: DelayedCall | undefined;
  /** What the timer waits for. */
  #earliest = Number.POSITIVE_INFINITY;
  #disposed = false;

  constructor(writer: ZoneWriter, reactor: Has<'clock' | 'reports'>) {
    this.#writer = writer;
    this.#reactor = reactor;
    this.leasesChanged();
  }

  /** To be called after each change: a lease may end earlier than the first one until then. */
  leasesChanged(): void {
    if (this.#writer.leases.earliest < this.#earliest) this.#wait(MIN_WAIT_MS);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.cancel();
  }

  /** Until the first lease ends, but `leastMs` at least. */
  #wait(leastMs: number): void {
    this.#timer?.cancel();
    this.#earliest = this.#writer.leases.earliest;
    if (this.#disposed || this.#earliest === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#reactor;
    const ms = Math.min(Math.max(this.#earliest - clock.epoch(), leastMs), MAX_WAIT_MS);
    this.#timer = clock.callLater(ms, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    let leastMs = MIN_WAIT_MS;
    try {
      if (this.#writer.leases.earliest <= this.#reactor.clock.epoch())
        await this.#writer.transact((zone, leases) => this.#ended(zone, leases));
    } catch (error) {
      leastMs = RETRY_MS;
      this.#reactor.reports.problem('dns.zone.leases', error);
    }
    this.#writer.leases.findEarliest();
    this.#wait(leastMs);
  }

  #ended(zone: Zone, leases: LeaseView): Decision<void> {
    const now = this.#reactor.clock.epoch();
    const gone = new Map<string, EndedRecords>();
    const ended: LeaseEdit[] = [];
    for (const { name, type, rdata, expires } of leases.all()) {
      if (expires > now) continue;
      if (!isVital(zone, { name, type })) {
        const id = `${type}/${name.key}`;
        const entry = gone.get(id) ?? { name, type, octets: new Set() };
        entry.octets.add(Buffer.from(rdata).toString('latin1'));
        gone.set(id, entry);
      }
      // It has to go also where its record is gone already, or it would be swept for ever.
      if (ended.push({ name, type, rdata, expires: undefined }) === MAX_SWEPT) break;
    }
    const edits = [...gone.values()].map((records) => without(zone, records));
    return { edits, leases: ended, result: undefined };
  }
}

/** Records of one RRset whose time is over. */
interface EndedRecords {
  readonly name: Name;
  readonly type: number;
  readonly octets: Set<string>;
}

/** The RRset without the records that ended; nothing if none is left. */
function without(zone: Zone, { name, type, octets }: EndedRecords): Edit {
  const rrset = zone.get(name, type);
  const records = rrset?.records.filter(({ wire }) => !octets.has(wire.toString('latin1'))) ?? [];
  if (rrset === undefined || records.length === 0) return { name, type, rrset: undefined };
  return { name, type, rrset: { name: rrset.name, type, ttl: rrset.ttl, records } };
}
