// A whole message as values, for clients. A server looks at the few octets it needs instead.
import { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Edns, EdnsOptionData, EdnsStart } from './edns.ts';
import { HEADER_BYTES, type Header } from './header.ts';
import { type Message, readMessage, recordsOf, type Section } from './reader.ts';
import { type DnsRecord, readRecord } from './record.ts';

/** What is asked for, or the zone an update is about. */
export interface DnsQuestion {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

/** What the OPT record of a message says. */
export interface MessageEdns extends EdnsStart {
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly compactOk: boolean;
  /** In the order they came. The data is part of the message, not copied. */
  readonly options: readonly (EdnsOptionData & { readonly data: Buffer })[];
}

/** A message, read whole. OPT is in `edns`; a signature is left out of `additional`. */
export interface DnsMessage {
  readonly id: number;
  /** Bits of `Flag`, without opcode and response code. */
  readonly flags: number;
  readonly opcode: number;
  /** All twelve bits of it (RFC 6891 §6.1.3). */
  readonly rcode: number;
  readonly question: DnsQuestion | undefined;
  readonly answer: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
  readonly edns: MessageEdns | undefined;
  /** The message itself, and where in it a TSIG or SIG(0) record begins, for who verifies it. */
  readonly bytes: Buffer;
  readonly signatureOffset: number | undefined;
}

/** Octets that are no message. */
export interface MalformedMessage {
  /** For people. */
  readonly error: string;
  /** Undefined if there is not even that. */
  readonly header: Header | undefined;
}

/** Opcode and response code, which have members of their own. */
const NOT_FLAGS = 0x780f;

/** Reads all of `bytes`, with every record checked by its type. Never throws; the octets are kept. */
export function parseMessage(bytes: Buffer): DnsMessage | MalformedMessage {
  const reading = readMessage(bytes);
  if (!reading.ok) return malformed(reading.header, 'the format is broken');
  const { message } = reading;
  const { header, question } = message;
  const sections: Record<Section, DnsRecord[]> = { answer: [], authority: [], additional: [] };
  for (const view of recordsOf(message)) {
    if (view.type === Type.OPT || view.nameOffset === message.signatureOffset) continue;
    const record = readRecord(message, view);
    if (record === undefined) {
      return malformed(header, `a record in the ${view.section} section is malformed`);
    }
    sections[view.section].push(record);
  }
  return {
    id: header.id,
    flags: header.flags & ~NOT_FLAGS,
    opcode: header.opcode,
    rcode: header.rcode | ((message.edns?.extendedRcode ?? 0) << 4),
    question: question && {
      name: Name.fromWire(bytes, HEADER_BYTES),
      type: question.type,
      class: question.class,
    },
    ...sections,
    edns: message.edns && ednsOf(message, message.edns),
    bytes,
    signatureOffset: message.signatureOffset,
  };
}

function ednsOf({ bytes }: Message, edns: Edns): MessageEdns {
  const { udpSize, version, dnssecOk, compactOk } = edns;
  const options = edns.options.map(({ code, offset, length }) => ({
    code,
    data: bytes.subarray(offset, offset + length),
  }));
  return { udpSize, version, dnssecOk, compactOk, options };
}

function malformed(header: Header | undefined, what: string): MalformedMessage {
  const truncated = header === undefined ? 'there is no whole header' : what;
  return { error: `Cannot read the message: ${truncated}`, header };
}
