// From a packet of a stranger to the reply, in the order that costs least to refuse. No I/O, no clock, no exceptions.
import type { Address, Has, Reports } from '@hawser/core';
import { usageError } from '../errors.ts';
import { EdnsOption } from '../message/edns.ts';
import { countsFit, Flag, type Header, readHeader } from '../message/header.ts';
import { type Message, type Question, readMessage } from '../message/reader.ts';
import { MAX_MESSAGE_BYTES, MessageWriter } from '../message/writer.ts';
import { Class, Opcode, Rcode, Type } from '../numbers.ts';
import { answerFrom } from '../zone/answer.ts';
import type { Zone } from '../zone/zone.ts';
import { type Authority, AuthorityMap } from './authority.ts';
import { ReplyCache, type ReplyShape } from './reply-cache.ts';
import { writeAnswer } from './write-answer.ts';

/** Where a query came from. */
export interface QueryContext {
  readonly transport: 'udp' | 'tcp';
  readonly client: Address;
}

/** Options for {@link Responder}. */
export interface ResponderOptions {
  readonly authorities: readonly Authority[];
  readonly reactor: Has<'clock' | 'reports'>;
  /**
   * Largest UDP reply to a client that takes more than 512 octets. More than 1232 risks fragments that get lost.
   * @defaultValue 1232
   */
  readonly udpPayloadBytes?: number | undefined;
}

/** A message that asks something, and from where. */
interface Query {
  readonly message: Message;
  readonly question: Question;
  readonly context: QueryContext;
}

/** Longest query taken over UDP. We announce less than that; it bounds what one packet can cost. */
const MAX_UDP_QUERY_BYTES = 4096;

/** A reply, `undefined` for silence, or a promise where an {@link Authority} needs time. Never rejects. */
export type Reply = Buffer | undefined | Promise<Buffer | undefined>;

/** Answers DNS messages from {@link Authority} objects. One serves any number of transports. */
export class Responder {
  readonly #authorities: AuthorityMap;
  readonly #reports: Reports;
  readonly #udpPayloadBytes: number;
  readonly #writer = new MessageWriter();
  readonly #cache = new ReplyCache();

  constructor(options: ResponderOptions) {
    const { authorities, reactor, udpPayloadBytes = 1232 } = options;
    if (!Number.isInteger(udpPayloadBytes) || udpPayloadBytes < 512 || udpPayloadBytes > 4096) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot use udpPayloadBytes as it must be 512 to 4096: ${udpPayloadBytes}`,
      );
    }
    this.#authorities = new AuthorityMap(authorities);
    this.#reports = reactor.reports;
    this.#udpPayloadBytes = udpPayloadBytes;
    for (const authority of authorities) authority.attached?.(reactor);
  }

  /** The reply to the message `bytes`. Never throws; a fault of ours is reported and answered with SERVFAIL. */
  respond(bytes: Buffer, context: QueryContext): Reply {
    const header = readHeader(bytes);
    // Nobody to answer, or an answer itself: replying to those is how two servers talk forever.
    if (header === undefined || (header.flags & Flag.Response) !== 0) return undefined;
    try {
      return this.#take(bytes, header, context);
    } catch (error) {
      return this.#fault(header, undefined, error);
    }
  }

  #take(bytes: Buffer, header: Header, context: QueryContext): Reply {
    const tooLong = context.transport === 'udp' && bytes.length > MAX_UDP_QUERY_BYTES;
    if (tooLong || !countsFit(header, bytes.length)) return this.#bare(header, Rcode.FormErr);
    const { opcode } = header;
    if (opcode !== Opcode.Query && opcode !== Opcode.Notify && opcode !== Opcode.Update) {
      return this.#bare(header, Rcode.NotImp, 0);
    }
    const reading = readMessage(bytes);
    if (!reading.ok) return this.#malformed(bytes, header, reading.question);
    const { message } = reading;
    const { question } = message;
    if (question === undefined) {
      // A client may ask for a cookie and nothing else (RFC 7873 §5.4).
      const cookie =
        opcode === Opcode.Query &&
        message.edns?.options.some(({ code }) => code === EdnsOption.Cookie);
      return this.#refuse(message, cookie ? Rcode.NoError : Rcode.FormErr, context);
    }
    if (message.edns !== undefined && message.edns.version !== 0)
      return this.#refuse(message, Rcode.BadVers, context);
    const query = { message, question, context };
    const rcode = opcode === Opcode.Query ? queryRcode(query) : this.#otherRcode(message, question);
    if (rcode !== Rcode.NoError) return this.#refuse(message, rcode, context);
    const authority = this.#authorities.find(question.key, question.type);
    if (authority === undefined) return this.#refuse(message, Rcode.Refused, context);
    try {
      const { key, type } = question;
      const zone = authority.zoneFor({ key, type, client: context.client });
      if (zone !== undefined && 'then' in zone) return this.#later(query, zone);
      return authority.transient ? this.#answer(query, zone) : this.#cached(query, zone);
    } catch (error) {
      return this.#fault(header, message, error);
    }
  }

  async #later(query: Query, zone: PromiseLike<Zone | undefined>): Promise<Buffer> {
    try {
      return this.#answer(query, await zone);
    } catch (error) {
      return this.#fault(query.message.header, query.message, error);
    }
  }

  #cached(query: Query, zone: Zone | undefined): Buffer {
    if (zone === undefined) return this.#answer(query, zone);
    const { message, question, context } = query;
    const shape = this.#shapeOf(message, context);
    const cached = this.#cache.get(zone, question, shape);
    if (cached !== undefined) return patched(cached, message, question);
    const reply = this.#answer(query, zone);
    this.#cache.set(zone, question, shape, reply);
    return reply;
  }

  #answer({ message, question, context }: Query, zone: Zone | undefined): Buffer {
    if (zone === undefined) return this.#refuse(message, Rcode.ServFail, context);
    this.#begin(message, this.#shapeOf(message, context).maxBytes);
    const answer = answerFrom(zone, question);
    const aa = answer.authoritative && question.class === Class.IN ? Flag.Authoritative : 0;
    return writeAnswer(this.#writer, answer, aa);
  }

  /** What a reply depends on besides the question. */
  #shapeOf(message: Message, context: QueryContext): ReplyShape {
    const { edns } = message;
    const udp =
      edns === undefined ? 512 : Math.min(Math.max(512, edns.udpSize), this.#udpPayloadBytes);
    const maxBytes = context.transport === 'tcp' ? MAX_MESSAGE_BYTES : udp;
    return { maxBytes, edns: edns !== undefined, dnssecOk: edns?.dnssecOk ?? false };
  }

  /** NOTIFY and UPDATE name a zone. We take neither: refused for a zone of ours, not our business for others. */
  #otherRcode(message: Message, question: Question): number {
    if (message.header.opcode === Opcode.Update && question.type !== Type.SOA) return Rcode.FormErr;
    return this.#authorities.get(question.key) === undefined ? Rcode.NotAuth : Rcode.Refused;
  }

  #begin(message: Message, maxBytes: number): void {
    const { header, question, edns, bytes } = message;
    this.#writer.begin({
      id: header.id,
      flags: replyFlags(header),
      maxBytes,
      edns: edns && { udpSize: this.#udpPayloadBytes, dnssecOk: edns.dnssecOk },
    });
    if (question !== undefined) this.#writer.question(bytes, question);
  }

  /** A reply without records. */
  #refuse(message: Message, rcode: number, context: QueryContext): Buffer {
    this.#begin(message, this.#shapeOf(message, context).maxBytes);
    return this.#writer.finish(rcode);
  }

  #malformed(bytes: Buffer, header: Header, question: Question | undefined): Buffer {
    this.#writer.begin({ id: header.id, flags: replyFlags(header), maxBytes: 512 });
    if (question !== undefined) this.#writer.question(bytes, question);
    return this.#writer.finish(Rcode.FormErr);
  }

  /** Twelve octets: what we know of the question is not worth repeating. */
  #bare(header: Header, rcode: number, keep: number = Flag.RecursionDesired): Buffer {
    this.#writer.begin({ id: header.id, flags: replyFlags(header, keep), maxBytes: 512 });
    return this.#writer.finish(rcode);
  }

  #fault(header: Header, message: Message | undefined, error: unknown): Buffer {
    this.#reports.problem('dns.respond', error);
    if (message === undefined) return this.#bare(header, Rcode.ServFail);
    this.#begin(message, 512);
    return this.#writer.finish(Rcode.ServFail);
  }
}

/** NOERROR if the query may be looked up. */
function queryRcode({ message, question, context }: Query): number {
  const { type } = question;
  if (question.class !== Class.IN && question.class !== Class.ANY) return Rcode.Refused;
  if (
    type === 0 ||
    type === Type.OPT ||
    type === Type.TSIG ||
    type === Type.TKEY ||
    type === Type.NXNAME
  ) {
    return Rcode.FormErr;
  }
  if (type === Type.MAILA || type === Type.MAILB) return Rcode.NotImp;
  if (type === Type.AXFR && context.transport === 'udp') return Rcode.FormErr;
  // Transfers are for those who were let in, and nobody is yet.
  if (type === Type.AXFR || type === Type.IXFR) return Rcode.Refused;
  // We have no keys: a signature cannot be one we know (RFC 8945 §5.2.1).
  return message.signatureOffset === undefined ? Rcode.NoError : Rcode.NotAuth;
}

/** A response to this opcode. Of the other bits only RD comes back: AD, CD, RA and Z are not ours to claim. */
function replyFlags(header: Header, keep: number = Flag.RecursionDesired): number {
  return Flag.Response | (header.opcode << 11) | (header.flags & keep);
}

/** A reply to somebody else, made into one to this message: same question, other id, RD bit and spelling. */
function patched(reply: Buffer, message: Message, question: Question): Buffer {
  const copy = Buffer.allocUnsafe(reply.length);
  copy.set(reply);
  const flags =
    (reply.readUInt16BE(2) & ~Flag.RecursionDesired) |
    (message.header.flags & Flag.RecursionDesired);
  copy.writeUInt16BE(message.header.id, 0);
  copy.writeUInt16BE(flags, 2);
  message.bytes.copy(copy, 12, 12, question.end);
  return copy;
}
