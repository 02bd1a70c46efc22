// Writes messages with compressed names (RFC 1035 §4.1.4), an RRset whole or not at all.
import { MAX_NAME_BYTES, type Name } from '../name.ts';
import { Class, Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { firstRecords, PackedRRset } from '../zone/packed-rrset.ts';
import type { RRset } from '../zone/rrset.ts';
import { EdnsOption, type EdnsOptionData, type EdnsStart, OPT_BYTES } from './edns.ts';
import { Flag, HEADER_BYTES } from './header.ts';
import { NameWriter } from './name-writer.ts';
import type { Section } from './reader.ts';
import type { DnsRecord } from './record.ts';

/** Longest message: what the length of TCP framing can say (RFC 1035 §4.2.2). */
export const MAX_MESSAGE_BYTES = 0xffff;
/** What options must leave free: header and question. */
const BEFORE_RECORDS_BYTES = HEADER_BYTES + MAX_NAME_BYTES + 4;
/** Of an option before its value. */
const OPTION_HEAD_BYTES = 4;
/** A pointer for its owner, type, class, TTL and the length of its data. */
const LEAST_RECORD_BYTES = 12;
/** One record more than a message may hold: the check comes after the copy. */
const SCRATCH_BYTES = 2 * MAX_MESSAGE_BYTES + 1024;

/** What is copied faster by hand than by a call. */
const FEW_BYTES = 24;
/** Of the types without names in their data, or with names that stay as they are (RFC 3597 §4), those that are asked for. */
const plainTypes: ReadonlySet<number> = new Set([
  Type.A,
  Type.AAAA,
  Type.TXT,
  Type.SRV,
  Type.CAA,
  Type.SVCB,
  Type.HTTPS,
  Type.TLSA,
  Type.SSHFP,
  Type.DS,
  Type.DNSKEY,
  Type.RRSIG,
  Type.NSEC,
  Type.NSEC3,
]);

/** How a message begins. */
export interface MessageStart {
  readonly id: number;
  /** The second word of the header; the rcode is given to {@link MessageWriter.finish}. */
  readonly flags: number;
  /** Largest size of the whole message. OPT and `reserveBytes` are counted in. */
  readonly maxBytes: number;
  /** Octets to leave free behind the message, for a signature. @defaultValue 0 */
  readonly reserveBytes?: number | undefined;
  /** The OPT record to end with. An option that would leave no room for a question is left out. */
  readonly edns?: EdnsStart | undefined;
}

/** How an RRset is written where it differs from how it is kept. */
export interface RRsetStyle {
  /** Owner in place of its own name; `"question"` is a pointer to the name asked for, with its case. */
  readonly owner?: Name | 'question' | undefined;
  readonly ttl?: number | undefined;
}

const noOptions: readonly EdnsOptionData[] = [];

/** Writes one message after another into the same memory. Give the sections in order. */
export class MessageWriter {
  readonly #out = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  readonly #counts: Record<Section, number> = { answer: 0, authority: 0, additional: 0 };
  readonly #names = new NameWriter(this.#out);
  #at = HEADER_BYTES;
  #limit = 0;
  #recordsAt = HEADER_BYTES;
  /** There is a question, and its name is not known to #names: most answers need no more of it than a pointer. */
  #unlearned = false;
  #start: MessageStart = { id: 0, flags: 0, maxBytes: 0 };
  #options: readonly EdnsOptionData[] = noOptions;

  /** Forgets the last message and begins a new one. */
  begin(start: MessageStart): void {
    this.#start = start;
    this.#limit = Math.min(start.maxBytes, MAX_MESSAGE_BYTES) - (start.reserveBytes ?? 0);
    this.#options = noOptions;
    if (start.edns !== undefined) {
      this.#limit -= OPT_BYTES;
      if (start.edns.options !== undefined) this.#choose(start.edns.options);
    }
    this.#recordsAt = HEADER_BYTES;
    this.clear();
  }

  /** Copies a question octet for octet: its case is the asker's protection against forgery. */
  question(bytes: Buffer, question: { readonly end: number }): void {
    // A few octets by hand cost less than a call that makes a view of them.
    for (let at = HEADER_BYTES; at < question.end; at++) this.#out[at] = bytes[at] ?? 0;
    this.#unlearned = true;
    this.#at = this.#recordsAt = question.end;
  }

  /** Asks for `name`, which keeps its case. */
  ask(name: Name, type: number, klass: number = Class.IN): void {
    this.#at = this.#names.write(name.wire, HEADER_BYTES);
    this.#uint16(type);
    this.#uint16(klass);
    this.#recordsAt = this.#at;
  }

  /** Drops every record. */
  clear(): void {
    this.#counts.answer = this.#counts.authority = this.#counts.additional = 0;
    this.#undo(this.#recordsAt);
  }

  /** Writes `rrset` whole, or returns false and leaves the message as it was if the size does not allow it. */
  rrset(section: Section, rrset: RRset, style: RRsetStyle = {}): boolean {
    const mark = this.#at;
    const ttl = style.ttl ?? rrset.ttl;
    const owner = style.owner ?? rrset.name;
    if (rrset instanceof PackedRRset && plainTypes.has(rrset.type)) {
      return this.#packed(section, rrset, { owner, ttl });
    }
    // Of a thousand records no more are made than may fit, and one to see that they do not.
    const fitting = Math.max(0, Math.floor((this.#limit - mark) / LEAST_RECORD_BYTES));
    const records = firstRecords(rrset, fitting + 1);
    for (const rdata of records) {
      this.#owner(owner);
      this.#fixed(rrset.type, Class.IN, ttl);
      this.#rdata(rdata);
      if (this.#at > this.#limit) return this.#undo(mark);
    }
    this.#counts[section] += records.length;
    return true;
  }

  /** Writes an RRset whose data has no names that could be compressed, straight from how a zone keeps it. */
  #packed(
    section: Section,
    { type, packed }: PackedRRset,
    { owner, ttl }: { readonly owner: Name | 'question'; readonly ttl: number },
  ): boolean {
    const mark = this.#at;
    let count = 0;
    for (let from = 0; from < packed.length; count++) {
      const end = from + 2 + ((packed.charCodeAt(from) << 8) | packed.charCodeAt(from + 1));
      this.#owner(owner);
      this.#fixed(type, Class.IN, ttl);
      if (end - from > FEW_BYTES) {
        this.#at += this.#out.write(packed.slice(from, end), this.#at, 'latin1');
      } else {
        for (let at = from; at < end; at++) this.#out[this.#at++] = packed.charCodeAt(at);
      }
      if (this.#at > this.#limit) return this.#undo(mark);
      from = end;
    }
    this.#counts[section] += count;
    return true;
  }

  /**
   * Writes one record of any class, or returns false and leaves the message as it was if the size does not allow it. For
   * what is no RRset of a zone: updates (RFC 2136 §2.4), differences between versions, RRsets cut into several messages.
   */
  record(section: Section, record: DnsRecord): boolean {
    const mark = this.#at;
    this.#name(record.name);
    this.#fixed(record.type, record.class, record.ttl);
    if (record.rdata === undefined) this.#uint16(0);
    else this.#rdata(record.rdata);
    if (this.#at > this.#limit) return this.#undo(mark);
    this.#counts[section]++;
    return true;
  }

  /** Octets so far, without OPT. */
  get size(): number {
    return this.#at;
  }

  /** Ends the message and gives a copy. `flags` are added to those it began with; an rcode above 15 needs OPT. */
  finish(rcode: number, flags = 0): Buffer {
    const { id, flags: first, edns } = this.#start;
    const additionals = this.#counts.additional + (edns === undefined ? 0 : 1);
    const out = this.#out;
    if (edns !== undefined) this.#opt(edns, rcode);
    const end = this.#at;
    this.#at = 0;
    this.#uint16(id);
    this.#uint16(first | flags | (rcode & 15));
    this.#uint16(this.#recordsAt > HEADER_BYTES ? 1 : 0);
    this.#uint16(this.#counts.answer);
    this.#uint16(this.#counts.authority);
    this.#uint16(additionals);
    const message = Buffer.allocUnsafe(end);
    if (end > 256) out.copy(message, 0, 0, end);
    else for (let at = 0; at < end; at++) message[at] = out[at] ?? 0;
    return message;
  }

  /** Ends the message as one that did not fit: no records, TC set (RFC 2181 §9). */
  finishTruncated(rcode: number, flags = 0): Buffer {
    this.clear();
    return this.finish(rcode, flags | Flag.Truncated);
  }

  /** Keeps the options there is room for. */
  #choose(options: readonly EdnsOptionData[]): void {
    const chosen: EdnsOptionData[] = [];
    for (const option of options) {
      const size = OPTION_HEAD_BYTES + option.data.length;
      if (this.#limit - size < BEFORE_RECORDS_BYTES) continue;
      this.#limit -= size;
      chosen.push(option);
    }
    this.#options = chosen;
  }

  #opt(edns: EdnsStart, rcode: number): void {
    const flags = (edns.dnssecOk ? 0x8000 : 0) | (edns.compactOk ? 0x4000 : 0);
    this.#out[this.#at++] = 0;
    this.#fixed(Type.OPT, edns.udpSize, (((rcode >> 4) << 24) | flags) >>> 0);
    const lengthAt = this.#at;
    this.#at += 2;
    for (const { code, data } of this.#options) {
      this.#uint16(code);
      this.#uint16(data.length);
      this.#out.set(data, this.#at);
      this.#at += data.length;
    }
    if (edns.padToBytes !== undefined) this.#pad(edns.padToBytes);
    this.#lengthAt(lengthAt);
  }

  /** As the last option, so that nothing is behind the padding (RFC 7830 §3). */
  #pad(block: number): void {
    const { reserveBytes = 0 } = this.#start;
    const maxBytes = Math.min(this.#start.maxBytes, MAX_MESSAGE_BYTES);
    const size = this.#at + OPTION_HEAD_BYTES + reserveBytes;
    if (block < 1 || size > maxBytes) return;
    const padding = Math.min(Math.ceil(size / block) * block, maxBytes) - size;
    this.#uint16(EdnsOption.Padding);
    this.#uint16(padding);
    this.#out.fill(0, this.#at, this.#at + padding);
    this.#at += padding;
  }

  #undo(mark: number): false {
    this.#at = mark;
    // All names, and not only those behind the mark: where they were is not kept in order.
    this.#names.forget();
    this.#unlearned = this.#recordsAt > HEADER_BYTES;
    return false;
  }

  #fixed(type: number, klass: number, ttl: number): void {
    this.#uint16(type);
    this.#uint16(klass);
    this.#uint16(ttl >>> 16);
    this.#uint16(ttl & 0xffff);
  }

  #owner(owner: Name | 'question'): void {
    if (owner === 'question') this.#uint16(0xc000 | HEADER_BYTES);
    else this.#name(owner);
  }

  #name(name: Name): void {
    if (this.#unlearned) {
      this.#unlearned = false;
      this.#names.learn(HEADER_BYTES);
    }
    this.#at = this.#names.write(name.wire, this.#at);
  }

  #rdata(rdata: Rdata): void {
    const { wire, compressible, prefixBytes } = rdata;
    const lengthAt = this.#at;
    this.#at += 2;
    this.#copy(wire, 0, prefixBytes);
    if (compressible.length > 0) {
      let rest = prefixBytes;
      for (const name of compressible) {
        this.#name(name);
        rest += name.wire.length;
      }
      this.#copy(wire, rest, wire.length);
    }
    this.#lengthAt(lengthAt);
  }

  #lengthAt(lengthAt: number): void {
    const length = this.#at - lengthAt - 2;
    this.#out[lengthAt] = length >> 8;
    this.#out[lengthAt + 1] = length;
  }

  #copy(from: Buffer, start: number, end: number): void {
    // A call costs more than a few octets by hand.
    if (end - start > 24) from.copy(this.#out, this.#at, start, end);
    else for (let at = start; at < end; at++) this.#out[this.#at + at - start] = from[at] ?? 0;
    this.#at += end - start;
  }

  #uint16(value: number): void {
    this.#out[this.#at] = value >> 8;
    this.#out[this.#at + 1] = value;
    this.#at += 2;
  }
}
