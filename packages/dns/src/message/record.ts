import type { Name } from '../name.ts';
import { Class } from '../numbers.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import { plainRdata } from './rdata-names.ts';
import { type Message, nameAt, type RecordView } from './reader.ts';

/** A record by itself. It keeps no octets of the message it came from. */
export interface DnsRecord {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** In seconds, as it was sent: above 2^31 - 1 it means zero (RFC 2181 §8). */
  readonly ttl: number;
  /** Undefined where an update speaks of a name or an RRset: class ANY or NONE without data (RFC 2136 §2.4). */
  readonly rdata: Rdata | undefined;
}

/**
 * The record at `view` of `message`, its names whole and its data checked by its type. Undefined if it is malformed, or if
 * names have cost the message more than any honest one does. Never throws.
 */
export function readRecord(message: Message, view: RecordView): DnsRecord | undefined {
  const name = nameAt(message, view.nameOffset);
  if (name === undefined) return undefined;
  const { type, class: klass, ttl } = view;
  if (view.rdataLength === 0 && (klass === Class.ANY || klass === Class.NONE)) {
    return { name, type, class: klass, ttl, rdata: undefined };
  }
  const wire = plainRdata(message, view);
  const rdata = wire && checkRdata(type, wire);
  return rdata && { name, type, class: klass, ttl, rdata };
}
