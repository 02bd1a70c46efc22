// From a packet of a stranger to the reply, in the order that costs least to refuse. No I/O, no clock, no exceptions.
import type { Reactor } from '@hawser/core';
import { type Answer, codeAnswer, type Outcome } from '../contract/answer.ts';
import { compose, type DnsHandler, type Next } from '../contract/handler.ts';
import { usageError } from '../errors.ts';
import { EdnsOption } from '../message/edns.ts';
import { countsFit, Flag, type Header, readHeader } from '../message/header.ts';
import { type Message, type Question, readMessage } from '../message/reader.ts';
import { MAX_MESSAGE_BYTES, MessageWriter } from '../message/writer.ts';
import { Class, Opcode, Rcode, Type } from '../numbers.ts';
import { MessageQuery, type QueryContext } from './query.ts';
import { ReplyCache, type ReplyShape } from './reply-cache.ts';
import { originsOf, type Served, toHandlers } from './to-handlers.ts';
import { writeAnswer } from './write-answer.ts';

/** Options for {@link Responder}. */
export interface ResponderOptions {
  /**
   * Largest UDP reply to a client that takes more than 512 octets. More than 1232 risks fragments that get lost.
   * @defaultValue 1232
   */
  readonly udpPayloadBytes?: number | undefined;
}

const NOT_STARTED = 'Cannot answer queries as the server was not started';
/** Longest query taken over UDP. We announce less than that; it bounds what one packet can cost. */
const MAX_UDP_QUERY_BYTES = 4096;

/** A reply, `undefined` for silence, or a promise where a handler needs time. Never rejects. */
export type Reply = Buffer | undefined | Promise<Buffer | undefined>;

/** Answers DNS messages with handlers. One serves any number of transports, once it is started. */
export class Responder {
  /** What it serves, for people: the origins of its zones. */
  readonly origins: string;
  readonly #handlers: readonly DnsHandler[];
  readonly #next: Next;
  readonly #udpPayloadBytes: number;
  readonly #writer = new MessageWriter();
  readonly #cache = new ReplyCache();
  #reactor: Reactor | undefined;
  #users = 0;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` for zones that share an origin, nothing to serve, or a bad option */
  constructor(served: Served, options: ResponderOptions = {}) {
    const { udpPayloadBytes = 1232 } = options;
    if (!Number.isInteger(udpPayloadBytes) || udpPayloadBytes < 512 || udpPayloadBytes > 4096) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot use udpPayloadBytes as it must be 512 to 4096: ${udpPayloadBytes}`,
      );
    }
    this.origins = originsOf(served);
    this.#handlers = toHandlers(served);
    this.#next = compose(this.#handlers, (query) =>
      codeAnswer(query.opcode === Opcode.Query ? Rcode.Refused : Rcode.NotAuth),
    );
    this.#udpPayloadBytes = udpPayloadBytes;
  }

  /** Starts the handlers, unless another user of it has. Each start needs a {@link stop}. */
  async start(reactor: Reactor): Promise<void> {
    this.#users++;
    if (this.#users > 1) return;
    this.#reactor = reactor;
    for (const handler of this.#handlers) {
      // oxlint-disable-next-line no-await-in-loop -- one may need what an earlier one has read
      if (typeof handler !== 'function') await handler.started?.(reactor);
    }
  }

  /** Stops the handlers when no other user is left. */
  async stop(): Promise<void> {
    this.#users--;
    if (this.#users > 0) return;
    this.#reactor = undefined;
    await Promise.all(
      this.#handlers.map(async (handler) => {
        if (typeof handler !== 'function') await handler.stopped?.();
      }),
    );
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
    const reactor = this.#reactor;
    if (reactor === undefined) throw usageError('HAWSER_DNS_OPTIONS', NOT_STARTED);
    const query = new MessageQuery(message, question, context, reactor);
    const rcode = opcode === Opcode.Query ? queryRcode(query) : otherRcode(query);
    if (rcode !== Rcode.NoError) return this.#refuse(message, rcode, context);
    try {
      const outcome = this.#next(query);
      return 'then' in outcome ? this.#later(query, outcome) : this.#reply(query, outcome);
    } catch (error) {
      return this.#fault(header, message, error);
    }
  }

  async #later(query: MessageQuery, outcome: PromiseLike<Outcome>): Promise<Buffer | undefined> {
    try {
      return this.#reply(query, await outcome);
    } catch (error) {
      return this.#fault(query.message.header, query.message, error);
    }
  }

  #reply(query: MessageQuery, outcome: Outcome): Buffer | undefined {
    if (outcome.kind === 'silence') return undefined;
    if (outcome.kind === 'stream') return this.#refuse(query.message, Rcode.NotImp, query.context);
    const { message, question, context } = query;
    if (!outcome.shared) return this.#write(query, outcome);
    const shape = this.#shapeOf(message, context);
    const cached = this.#cache.get(outcome, shape);
    if (cached !== undefined) return patched(cached, message, question);
    const reply = this.#write(query, outcome);
    this.#cache.set(outcome, shape, reply);
    return reply;
  }

  #write({ message, question, context }: MessageQuery, answer: Answer): Buffer {
    this.#begin(message, this.#shapeOf(message, context).maxBytes);
    const aa = answer.authoritative && question.class === Class.IN ? Flag.Authoritative : 0;
    const ra = answer.recursionAvailable ? Flag.RecursionAvailable : 0;
    const ad = answer.authenticData ? Flag.AuthenticData : 0;
    return writeAnswer(this.#writer, answer, aa | ra | ad);
  }

  /** What a reply depends on besides the question. */
  #shapeOf(message: Message, context: QueryContext): ReplyShape {
    const { edns } = message;
    const udp =
      edns === undefined ? 512 : Math.min(Math.max(512, edns.udpSize), this.#udpPayloadBytes);
    const maxBytes = context.transport === 'udp' ? udp : MAX_MESSAGE_BYTES;
    const asked = message.question?.class ?? Class.IN;
    return { class: asked, maxBytes, edns: edns !== undefined, dnssecOk: edns?.dnssecOk ?? false };
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
    this.#reactor?.reports.problem('dns.respond', error);
    if (message === undefined) return this.#bare(header, Rcode.ServFail);
    this.#begin(message, 512);
    return this.#writer.finish(Rcode.ServFail);
  }
}

/** NOERROR if the query may be looked up. */
function queryRcode({ type, class: asked, transport, message }: MessageQuery): number {
  if (asked !== Class.IN && asked !== Class.ANY) return Rcode.Refused;
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
  if (type === Type.AXFR && transport === 'udp') return Rcode.FormErr;
  // We have no keys: a signature cannot be one we know (RFC 8945 §5.2.1).
  return message.signatureOffset === undefined ? Rcode.NoError : Rcode.NotAuth;
}

/** UPDATE names its zone as SOA (RFC 2136 §2.3). */
function otherRcode({ opcode, type }: MessageQuery): number {
  return opcode === Opcode.Update && type !== Type.SOA ? Rcode.FormErr : Rcode.NoError;
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
