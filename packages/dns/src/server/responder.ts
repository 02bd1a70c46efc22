// From a packet of a stranger to the reply, in the order that costs least to refuse. No I/O and no exceptions.
import { type Reactor, toError, UsageError } from '@hawser/core';
import { type AnswerStream, codeAnswer, type Outcome } from '../contract/answer.ts';
import { type DnsErrorCode, usageError } from '../errors.ts';
import { countsFit, Flag, HEADER_BYTES, type Header, readHeader } from '../message/header.ts';
import { type Question, readMessage } from '../message/reader.ts';
import { Class, Opcode, Rcode, Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { ReplayMemory } from '../tsig/replay-memory.ts';
import { TsigStreamSigner } from '../tsig/tsig-stream.ts';
import type { VerifiedTsig } from '../tsig/verify.ts';
import { Admission } from './admission.ts';
import { AnswerPuller } from './answer-puller.ts';
import { ResponderCounters } from './counters.ts';
import { HandlerChain } from './handler-chain.ts';
import { identityTexts } from './identity.ts';
import { type QueryContext, ReceivedQuery } from './query.ts';
import { queryRcode } from './query-rcode.ts';
import type { ReadyReply, Reply, ReplyStream } from './reply.ts';
import { cookieOf } from './reply-options.ts';
import { ReplyWriter } from './reply-writer.ts';
import type { ResponderOptions } from './responder-options.ts';
import type { Served } from './to-handlers.ts';

const NO_QUESTION: Question = {
  key: '',
  nameEnd: HEADER_BYTES,
  end: HEADER_BYTES,
  type: 0,
  class: Class.IN,
};
const NOT_STARTED = 'Cannot answer queries as the server was not started';
/** Longest query taken over UDP. We announce less than that; it bounds what one packet can cost. */
const MAX_UDP_QUERY_BYTES = 4096;

/** Answers DNS messages with handlers. One serves any number of transports, once it is started. */
export class Responder {
  readonly counters: ResponderCounters = new ResponderCounters();
  readonly #chain: HandlerChain;
  readonly #admission: Admission;
  readonly #options: ResponderOptions;
  readonly #replays = new ReplayMemory();
  readonly #texts: ReadonlyMap<string, Rdata>;
  readonly #replies: ReplyWriter;
  #reactor: Reactor | undefined;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` for zones that share an origin, nothing to serve, or a bad option */
  constructor(served: Served, options: ResponderOptions = {}) {
    const { udpPayloadBytes = 1232 } = options;
    if (!Number.isInteger(udpPayloadBytes) || udpPayloadBytes < 512 || udpPayloadBytes > 4096) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot use udpPayloadBytes as it must be 512 to 4096: ${udpPayloadBytes}`,
      );
    }
    this.#chain = new HandlerChain(served);
    this.#admission = new Admission(options, this.counters);
    this.#options = options;
    this.#texts = identityTexts(options);
    this.#replies = new ReplyWriter(udpPayloadBytes);
  }

  /** What it serves, for people: the origins of its zones. */
  get origins(): string {
    return this.#chain.origins;
  }

  /** Starts the handlers, unless another user of it has. Each start, even one that fails, needs a {@link stop}. */
  async start(reactor: Reactor): Promise<void> {
    this.#reactor ??= reactor;
    this.#admission.start(reactor);
    await this.#chain.start(reactor);
  }

  /** Stops the handlers when no other user is left. */
  async stop(): Promise<void> {
    const stopped = this.#chain.stop();
    if (!this.#chain.used) this.#reactor = undefined;
    await stopped;
  }

  /** The reply to the message `bytes`. Never throws; a fault of ours is reported and answered with SERVFAIL. */
  respond(bytes: Buffer, context: QueryContext): Reply {
    // Nobody to answer, or an answer itself: replying to those is how two servers talk forever.
    if (bytes.length < HEADER_BYTES || ((bytes[2] ?? 0) & 0x80) !== 0) {
      this.counters.ignored++;
      return undefined;
    }
    this.counters.asked(context.transport, bytes);
    try {
      const reactor = this.#reactor;
      if (reactor === undefined) throw usageError('HAWSER_DNS_OPTIONS', NOT_STARTED);
      const query =
        bytes.length > MAX_UDP_QUERY_BYTES
          ? undefined
          : ReceivedQuery.plain(bytes, { context, reactor });
      return query === undefined ? this.#take(bytes, context, reactor) : this.#ask(query);
    } catch (error) {
      const header = readHeader(bytes);
      this.#reactor?.reports.problem('dns.respond', error);
      return header && this.#bare(header, Rcode.ServFail, context);
    }
  }

  /** A message that is not plain. */
  #take(bytes: Buffer, context: QueryContext, reactor: Reactor): Reply {
    const header = readHeader(bytes);
    if (header === undefined) return undefined;
    const tooLong = context.transport === 'udp' && bytes.length > MAX_UDP_QUERY_BYTES;
    if (tooLong || !countsFit(header, bytes.length))
      return this.#bare(header, Rcode.FormErr, context);
    const { opcode } = header;
    if (opcode !== Opcode.Query && opcode !== Opcode.Notify && opcode !== Opcode.Update) {
      return this.#bare(header, Rcode.NotImp, context, 0);
    }
    const reading = readMessage(bytes);
    if (!reading.ok) {
      if (this.#isTooMany(context, Rcode.FormErr)) return undefined;
      const reply = this.#replies.malformed(bytes, header, reading.question);
      return this.#counted(reply, Rcode.FormErr);
    }
    const { message } = reading;
    const query = ReceivedQuery.of(message, message.question ?? NO_QUESTION, { context, reactor });
    const { edns } = message;
    const isVersionKnown = edns === undefined || edns.version === 0;
    // First, as every reply to who brings a cookie has one (RFC 7873 §5.2). What an option of another version means, nobody knows.
    const cookieFits = !isVersionKnown || this.#admission.takeOptions(query);
    // Before anything else is said, so that it is signed (RFC 8945 §5.3).
    if (message.signatureOffset !== undefined && !this.#admission.verify(query, message))
      return this.#passOn(query) ?? this.#refuseSignature(query);
    if (!isVersionKnown) return this.#refuse(query, Rcode.BadVers);
    if (message.question === undefined) {
      // A client may ask for a cookie and nothing else (RFC 7873 §5.4).
      const asksCookie = opcode === Opcode.Query && cookieOf(query) !== undefined;
      return this.#refuse(query, asksCookie ? Rcode.NoError : Rcode.FormErr);
    }
    if (!cookieFits && this.#admission.mustProve(query))
      return this.#refuse(query, Rcode.BadCookie);
    return this.#ask(query);
  }

  #refuseSignature(query: ReceivedQuery): Reply {
    const { signature } = query;
    this.counters.signaturesFailed++;
    return this.#refuse(query, signature.kind === 'refused' ? signature.rcode : Rcode.NotAuth);
  }

  /** An update that is signed with a key we do not have, to whoever may have it (RFC 8945 §5.5). */
  #passOn(query: ReceivedQuery): Promise<ReadyReply> | undefined {
    if (query.opcode !== Opcode.Update || !this.#admission.isForeign(query)) return undefined;
    if (!isWellFormed(query) || this.#admission.mustProve(query)) return undefined;
    const coming = this.#chain.forwardUnchanged(query);
    return coming && this.#passedOn(query, coming);
  }

  async #passedOn(
    query: ReceivedQuery,
    coming: PromiseLike<Outcome | Buffer>,
  ): Promise<ReadyReply> {
    // What is said here meanwhile, nobody can sign.
    query.signature = { kind: 'unsigned' };
    try {
      const said = await coming;
      return Buffer.isBuffer(said) ? this.#passBack(query, said) : this.#reply(query, said);
    } catch (error) {
      return this.#fault(query, error);
    }
  }

  /** The reply of somebody else, octet by octet but for its id. */
  #passBack(query: ReceivedQuery, reply: Buffer): ReadyReply {
    const rcode = (reply[3] ?? 0) & 15;
    if (!this.#replies.fits(query, reply)) return this.#refuse(query, rcode, Flag.Truncated);
    if (!query.addressProven && this.#isTooMany(query.context, rcode)) return undefined;
    this.#heard(query, rcode, reply);
    return this.#counted(withId(reply, query.bytes), rcode);
  }

  /** A query whose form is right. */
  #ask(query: ReceivedQuery): Reply {
    if (query.class === Class.CH && query.opcode === Opcode.Query) return this.#tell(query);
    const rcode = queryRcode(query);
    if (rcode !== Rcode.NoError) return this.#refuse(query, rcode);
    if (this.#admission.mustProve(query)) return this.#refuse(query, Rcode.NoError, Flag.Truncated);
    const { signature } = query;
    const once = signature.kind === 'verified' && query.opcode === Opcode.Update;
    // Within TLS nobody overhears, and HTTP gives every message the same id.
    const { transport } = query;
    if (once && (transport === 'udp' || transport === 'tcp')) return this.#once(query, signature);
    return this.#handle(query);
  }

  /** Class CH is about the server itself. */
  #tell(query: ReceivedQuery): Buffer | undefined {
    const text =
      query.type === Type.TXT || query.type === Type.ANY ? this.#texts.get(query.key) : undefined;
    if (text === undefined) return this.#refuse(query, Rcode.Refused);
    if (this.#admission.mustProve(query)) return this.#refuse(query, Rcode.NoError, Flag.Truncated);
    // A text is several times as long as the question: as good for floods as any other data.
    const verdict = this.#admission.judge(query, codeAnswer(Rcode.NoError));
    if (verdict === 'drop') return undefined;
    if (verdict === 'slip') return this.#refuse(query, Rcode.NoError, Flag.Truncated);
    const reply = this.#replies.text(query, text);
    this.#heard(query, Rcode.NoError, reply);
    return this.#counted(reply, Rcode.NoError);
  }

  /** An update that came again, from its client or from who overheard it, is answered again and not done again. */
  #once(query: ReceivedQuery, signature: VerifiedTsig): Reply {
    const known = this.#replays.begin(signature);
    if (known === 'pending') return undefined;
    if (known !== 'new') return this.#counted(withId(known, query.bytes), (known[3] ?? 0) & 15);
    const remember = (reply: ReadyReply): ReadyReply => {
      // What failed was not done: the same octets may come again.
      const failed = Buffer.isBuffer(reply) && ((reply[3] ?? 0) & 15) === Rcode.ServFail;
      if (Buffer.isBuffer(reply) && !failed) this.#replays.finish(signature, reply);
      else this.#replays.forget(signature);
      return reply;
    };
    const reply = this.#handle(query);
    return reply instanceof Promise ? reply.then(remember) : remember(reply);
  }

  #handle(query: ReceivedQuery): Reply {
    try {
      const outcome = this.#chain.ask(query);
      return 'then' in outcome ? this.#later(query, outcome) : this.#reply(query, outcome);
    } catch (error) {
      return this.#fault(query, error);
    }
  }

  async #later(query: ReceivedQuery, outcome: PromiseLike<Outcome>): Promise<ReadyReply> {
    try {
      return this.#reply(query, await outcome);
    } catch (error) {
      return this.#fault(query, error);
    }
  }

  #reply(query: ReceivedQuery, outcome: Outcome): ReadyReply {
    if (outcome.kind === 'silence') {
      this.counters.silent++;
      return undefined;
    }
    if (outcome.kind === 'stream') return this.#stream(query, outcome);
    const { answering } = this.#options;
    const wanted = answering === undefined ? outcome : answering(query, outcome);
    // Without OPT only the low four bits would be told, which mean something else: those of BADVERS, NOERROR.
    const tellable = wanted.rcode < 16 || query.hasEdns;
    const answer = tellable ? wanted : codeAnswer(Rcode.ServFail);
    const verdict = this.#admission.judge(query, answer);
    if (verdict === 'drop') return undefined;
    if (verdict === 'slip') return this.#refuse(query, answer.rcode, Flag.Truncated);
    const reply = this.#replies.answer(query, answer);
    this.counters.kept = this.#replies.kept;
    this.#heard(query, answer.rcode, reply);
    return this.#counted(reply, answer.rcode);
  }

  #stream(query: ReceivedQuery, stream: AnswerStream): ReadyReply {
    if (query.transport === 'udp' || query.transport === 'https') {
      const error = new UsageError<DnsErrorCode>(
        'HAWSER_DNS_OPTIONS',
        `Cannot answer with many messages over ${query.transport}`,
      );
      stream.ended?.(error);
      return this.#fault(query, error);
    }
    this.counters.streams++;
    this.#heard(query, Rcode.NoError, undefined);
    return this.#puller(query, stream);
  }

  #puller(query: ReceivedQuery, stream: AnswerStream): ReplyStream {
    const { signature, reactor } = query;
    const signer = signature.kind === 'verified' ? new TsigStreamSigner(signature) : undefined;
    const replies = this.#replies;
    return new AnswerPuller(stream, {
      writer: replies.writer,
      begin: (first) => replies.begin(query, { question: first, options: stream.options }),
      finish: () => {
        const message = replies.writer.finish(Rcode.NoError, Flag.Authoritative);
        const nowSeconds = reactor.clock.epoch() / 1000;
        return this.#counted(signer?.sign(message, { nowSeconds }) ?? message, Rcode.NoError);
      },
      failed: (error) => reactor.reports.problem('dns.transfer', error),
    });
  }

  #refuse(query: ReceivedQuery, rcode: number, flags = 0): Buffer | undefined {
    if (!query.addressProven && flags === 0 && this.#isTooMany(query.context, rcode)) {
      return undefined;
    }
    const reply = this.#replies.refusal(query, rcode, flags);
    this.#heard(query, rcode, reply);
    return this.#counted(reply, rcode);
  }

  #bare(header: Header, rcode: number, context: QueryContext, keep?: number): Buffer | undefined {
    if (this.#isTooMany(context, rcode)) return undefined;
    return this.#counted(this.#replies.bare(header, rcode, keep), rcode);
  }

  #isTooMany(context: QueryContext, rcode: number): boolean {
    return this.#reactor !== undefined && this.#admission.isTooMany(context, rcode, this.#reactor);
  }

  #fault(query: ReceivedQuery, error: unknown): Buffer | undefined {
    query.reactor.reports.problem('dns.respond', error);
    return this.#refuse(query, Rcode.ServFail);
  }

  #counted(reply: Buffer, rcode: number): Buffer {
    this.counters.replied(reply, rcode);
    return reply;
  }

  #heard(query: ReceivedQuery, rcode: number, reply: Buffer | undefined): void {
    const { answered } = this.#options;
    if (answered === undefined) return;
    try {
      const truncated = ((reply?.[2] ?? 0) & 2) !== 0;
      answered({ query, rcode, bytes: reply?.length ?? 0, truncated });
    } catch (thrown) {
      query.reactor.reports.problem('dns.answered', toError(thrown));
    }
  }
}

/** True for an update that says of which zone, in a way we understand. */
function isWellFormed(query: ReceivedQuery): boolean {
  const { question, edns } = query.message;
  return (
    question !== undefined && (edns?.version ?? 0) === 0 && queryRcode(query) === Rcode.NoError
  );
}

/** A copy of `reply` with the id of `request`: a forwarder may have changed that, and a signature is not about it. */
function withId(reply: Buffer, request: Buffer): Buffer {
  const copy = Buffer.from(reply);
  request.copy(copy, 0, 0, 2);
  return copy;
}
