import type { Address, Reactor } from '@hawser/core';
import type { ClientCertificate, DnsQuery, QueryTransport } from '../contract/query.ts';
import { type Edns, OPT_BYTES } from '../message/edns.ts';
import { Flag, HEADER_BYTES } from '../message/header.ts';
import { type Message, type Question, readMessage } from '../message/reader.ts';
import { foldedKey, Name, plainNameEnd } from '../name.ts';
import { Opcode, Type } from '../numbers.ts';
import type { TsigOutcome } from '../tsig/verify.ts';
import type { ReplyOptions } from './reply-options.ts';

/** Where a query came from. */
export interface QueryContext {
  readonly transport: QueryTransport;
  readonly client: Address;
  /** How long an idle connection is kept, for clients that want to know (RFC 7828). */
  readonly keepaliveMs?: number | undefined;
  /** What the client has shown within TLS. */
  readonly clientCertificate?: ClientCertificate | undefined;
}

/** What is known of the OPT record of a query. */
interface Terms {
  readonly flags: number;
  readonly hasEdns: boolean;
  readonly udpSize: number;
  readonly dnssecOk: boolean;
}

const NO_EDNS_BYTES = 512;
const UNSIGNED: TsigOutcome = { kind: 'unsigned' };

/** A query that was received. What is seldom asked for is made when it is. */
export class ReceivedQuery implements DnsQuery, Terms {
  readonly bytes: Buffer;
  readonly question: Question;
  readonly context: QueryContext;
  readonly reactor: Reactor;
  /** The second word of the header, as it came. */
  readonly flags: number;
  readonly hasEdns: boolean;
  /** Largest UDP payload the client takes. */
  readonly udpSize: number;
  readonly dnssecOk: boolean;
  /** Set once, before any handler sees the query. */
  tsigKey: Name | undefined = undefined;
  /** What its signature is worth. */
  signature: TsigOutcome = UNSIGNED;
  /** What is to be told a client that asked for it. */
  replyOptions: ReplyOptions | undefined = undefined;
  /** Set once, before any handler sees the query. */
  addressProven: boolean;
  #message: Message | undefined;
  #name: Name | undefined = undefined;

  private constructor(
    bytes: Buffer,
    question: Question,
    terms: Terms,
    from: { readonly context: QueryContext; readonly reactor: Reactor; readonly message?: Message },
  ) {
    this.bytes = bytes;
    this.question = question;
    this.context = from.context;
    this.reactor = from.reactor;
    this.flags = terms.flags;
    this.hasEdns = terms.hasEdns;
    this.udpSize = terms.udpSize;
    this.dnssecOk = terms.dnssecOk;
    this.addressProven = from.context.transport !== 'udp';
    this.#message = from.message;
  }

  /** A query over a message that was read, for its question. */
  static of(
    message: Message,
    question: Question,
    from: { readonly context: QueryContext; readonly reactor: Reactor },
  ): ReceivedQuery {
    const { edns } = message;
    const terms = {
      flags: message.header.flags,
      hasEdns: edns !== undefined,
      udpSize: edns?.udpSize ?? NO_EDNS_BYTES,
      dnssecOk: edns?.dnssecOk ?? false,
    };
    return new ReceivedQuery(message.bytes, question, terms, { ...from, message });
  }

  /**
   * The query in `bytes` if it is as nearly all are: opcode QUERY, one question, and no record but perhaps an OPT of version 0
   * without options. Undefined says nothing about other messages.
   */
  static plain(
    bytes: Buffer,
    from: { readonly context: QueryContext; readonly reactor: Reactor },
  ): ReceivedQuery | undefined {
    const counts =
      bytes[4] === 0 &&
      bytes[5] === 1 &&
      ((bytes[6] ?? 0) | (bytes[7] ?? 0) | (bytes[8] ?? 0) | (bytes[9] ?? 0)) === 0 &&
      bytes[10] === 0;
    const first = bytes[2] ?? 0;
    if (!counts || ((first >> 3) & 15) !== Opcode.Query) return undefined;
    const nameEnd = plainNameEnd(bytes, HEADER_BYTES);
    const end = nameEnd + 4;
    if (nameEnd < 0 || end > bytes.length) return undefined;
    const additionals = bytes[11] ?? 0;
    if (additionals > 1 || (additionals === 1 && !isBareOpt(bytes, end))) return undefined;
    const hasEdns = additionals === 1;
    const question = {
      key: foldedKey(bytes, HEADER_BYTES, nameEnd),
      nameEnd,
      end,
      type: uint16(bytes, nameEnd),
      class: uint16(bytes, nameEnd + 2),
    };
    const terms = {
      flags: (first << 8) | (bytes[3] ?? 0),
      hasEdns,
      udpSize: hasEdns ? uint16(bytes, end + 3) : NO_EDNS_BYTES,
      dnssecOk: hasEdns && ((bytes[end + 7] ?? 0) & 0x80) !== 0,
    };
    return new ReceivedQuery(bytes, question, terms, from);
  }

  /** False if the query certainly has no EDNS options. */
  get optionBearing(): boolean {
    return this.hasEdns && this.#message !== undefined;
  }

  get message(): Message {
    if (this.#message === undefined) {
      const reading = readMessage(this.bytes);
      if (!reading.ok) throw new TypeError('Cannot read a query that was found to be plain');
      this.#message = reading.message;
    }
    return this.#message;
  }

  get opcode(): number {
    return (this.flags >> 11) & 15;
  }

  get key(): string {
    return this.question.key;
  }

  get name(): Name {
    this.#name ??= Name.fromWire(this.bytes, HEADER_BYTES);
    return this.#name;
  }

  get type(): number {
    return this.question.type;
  }

  get class(): number {
    return this.question.class;
  }

  get transport(): QueryTransport {
    return this.context.transport;
  }

  get client(): Address {
    return this.context.client;
  }

  get clientCertificate(): ClientCertificate | undefined {
    return this.context.clientCertificate;
  }

  get edns(): Edns | undefined {
    return this.hasEdns ? this.message.edns : undefined;
  }

  get recursionDesired(): boolean {
    return (this.flags & Flag.RecursionDesired) !== 0;
  }

  get checkingDisabled(): boolean {
    return (this.flags & Flag.CheckingDisabled) !== 0;
  }
}

/** Root, OPT, any size, any extended code, version 0, any flags, no options. */
function isBareOpt(bytes: Buffer, at: number): boolean {
  return (
    at + OPT_BYTES <= bytes.length &&
    bytes[at] === 0 &&
    uint16(bytes, at + 1) === Type.OPT &&
    bytes[at + 6] === 0 &&
    uint16(bytes, at + 9) === 0
  );
}

function uint16(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
