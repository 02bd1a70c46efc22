// What the records of a zone transfer mean (RFC 5936 §2.2, RFC 1995 §4). Pure: records in, state out.
//
//     first ──SOA──▶ second ──SOA, IXFR──▶ deletions ◀──SOA── additions ──SOA(new)──▶ done
//       │              └──anything else──▶ zone ──SOA(new)──▶ done
//       └──one SOA that is not newer, IXFR──▶ done: current
import type { DnsRecord } from '../message/record.ts';
import type { Name } from '../name.ts';
import { Class, isMetaType, Type } from '../numbers.ts';
import { decodeSoa } from '../rdata/decode-rdata.ts';
import { isSerialAfter } from '../zone/serial.ts';

/**
 * What a transfer turned out to be: the whole zone; the changes since the serial that was given; nothing, as there is
 * nothing newer.
 */
export type TransferStyle = 'zone' | 'changes' | 'current';

/** What is asked for. */
export interface TransferWish {
  readonly zone: Name;
  /** The serial there is already, for IXFR. */
  readonly serial: number | undefined;
}

/** Follows the records of one transfer, and knows when they are all there. */
export class TransferReader {
  readonly #wish: TransferWish;
  #at: 'first' | 'second' | 'zone' | 'deletions' | 'additions' | 'done' = 'first';
  #style: TransferStyle | undefined;
  #newest = 0;
  /** Where the change that is being read leads to; before the first, where it begins. */
  #reached: number | undefined;

  constructor(wish: TransferWish) {
    this.#wish = wish;
    this.#reached = wish.serial;
  }

  /** Undefined until enough was seen. */
  get style(): TransferStyle | undefined {
    return this.#style;
  }

  /** The serial of the zone that is transferred, once its first record was seen. */
  get serial(): number | undefined {
    return this.#at === 'first' ? undefined : this.#newest;
  }

  get done(): boolean {
    return this.#at === 'done';
  }

  /**
   * Takes the records of one message, and gives those that belong to the transfer: what is not in the zone is left out. Text
   * means that they make no sense, and says why.
   */
  take(records: readonly DnsRecord[]): readonly DnsRecord[] | string {
    const taken: DnsRecord[] = [];
    for (const record of records) {
      const { zone } = this.#wish;
      if (this.#at === 'done') return 'there is more behind its end';
      const belongs = isOf(zone, record);
      const isSoa = belongs && record.type === Type.SOA && record.name.equals(zone);
      if (!isSoa && this.#at === 'first') return 'it does not begin with the SOA of the zone';
      if (!belongs) continue;
      const problem = isSoa ? this.#soa(record) : this.#other();
      if (problem !== undefined) return problem;
      taken.push(record);
    }
    if (this.#at === 'second' && records.length === 1) this.#maybeCurrent();
    return taken;
  }

  /** A single SOA answers IXFR if there is nothing newer; otherwise the zone follows in further messages. */
  #maybeCurrent(): void {
    const { serial } = this.#wish;
    if (serial === undefined || isSerialAfter(this.#newest, serial)) return;
    this.#style = 'current';
    this.#at = 'done';
  }

  #soa({ rdata }: DnsRecord): string | undefined {
    if (rdata === undefined) return 'it has a SOA without data';
    const { serial } = decodeSoa(rdata.wire);
    switch (this.#at) {
      case 'first':
        this.#newest = serial;
        this.#at = 'second';
        return undefined;
      case 'second':
        if (this.#wish.serial === undefined || serial === this.#newest)
          return this.#endZone(serial);
        this.#style = 'changes';
        return this.#beginChange(serial);
      case 'zone':
        return this.#endZone(serial);
      case 'deletions':
        this.#reached = serial;
        this.#at = 'additions';
        return undefined;
      case 'additions':
        if (serial !== this.#newest || this.#reached !== this.#newest)
          return this.#beginChange(serial);
        this.#at = 'done';
        return undefined;
      case 'done':
        return 'there is more behind its end';
    }
  }

  #other(): undefined {
    if (this.#at !== 'second') return;
    this.#style = 'zone';
    this.#at = 'zone';
  }

  #endZone(serial: number): string | undefined {
    if (serial !== this.#newest) return 'the zone changed while it was transferred';
    this.#style = 'zone';
    this.#at = 'done';
    return undefined;
  }

  #beginChange(serial: number): string | undefined {
    if (serial !== this.#reached) return `its changes are not those since ${this.#reached}`;
    this.#at = 'deletions';
    return undefined;
  }
}

function isOf(zone: Name, { name, type, class: klass, rdata }: DnsRecord): boolean {
  return klass === Class.IN && rdata !== undefined && !isMetaType(type) && name.isSubdomainOf(zone);
}
