// From a packet of a stranger to the reply, in the order that costs least to refuse. No I/O and no exceptions.
import type { Reactor } from '@hawser/core';
import type { Outcome } from '../contract/answer.ts';
import { usageError } from '../errors.ts';
import { countsFit, Flag, HEADER_BYTES, readHeader } from '../message/header.ts';
import { type Question, readMessage } from '../message/reader.ts';
import { Class, Opcode, Rcode, Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { ReplayMemory } from '../tsig/replay-memory.ts';
import type { VerifiedTsig } from '../tsig/verify.ts';
import { Admission } from './admission.ts';
import { ResponderCounters } from './counters.ts';
import { HandlerChain } from './handler-chain.ts';
import { identityTexts } from './identity.ts';
import { Outgoing } from './outgoing.ts';
import { type QueryContext, ReceivedQuery } from './query.ts';
import { queryRcode } from './query-rcode.ts';
import type { ReadyReply, Reply } from './reply.ts';
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
  readonly #replays = new ReplayMemory();
  readonly #texts: ReadonlyMap<string, Rdata>;
  readonly #outgoing: Outgoing;
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
    this.#texts = identityTexts(options);
    this.#outgoing = new Outgoing({
      writer: new ReplyWriter(udpPayloadBytes),
      admission: this.#admission,
      counters: this.counters,
      hooks: options,
    });
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
      const sender = { context, reactor: this.#reactor };
      return header && this.#outgoing.bare(header, { rcode: Rcode.ServFail }, sender);
    }
  }

  /** A message that is not plain. */
  #take(bytes: Buffer, context: QueryContext, reactor: Reactor): Reply {
    const header = readHeader(bytes);
    if (header === undefined) return undefined;
    const sender = { context, reactor };
    const outgoing = this.#outgoing;
    const tooLong = context.transport === 'udp' && bytes.length > MAX_UDP_QUERY_BYTES;
    if (tooLong || !countsFit(header, bytes.length))
      return outgoing.bare(header, { rcode: Rcode.FormErr }, sender);
    const { opcode } = header;
    if (opcode !== Opcode.Query && opcode !== Opcode.Notify && opcode !== Opcode.Update) {
      return outgoing.bare(header, { rcode: Rcode.NotImp, keep: 0 }, sender);
    }
    const reading = readMessage(bytes);
    if (!reading.ok) {
      const { question } = reading;
      return outgoing.malformed(bytes, { header, question }, sender);
    }
    const { message } = reading;
    const query = ReceivedQuery.of(message, message.question ?? NO_QUESTION, sender);
    const { edns } = message;
    const isVersionKnown = edns === undefined || edns.version === 0;
    // First, as every reply to who brings a cookie has one (RFC 7873 §5.2). What an option of another version means, nobody knows.
    const cookieFits = !isVersionKnown || this.#admission.takeOptions(query);
    // Before anything else is said, so that it is signed (RFC 8945 §5.3).
    if (message.signatureOffset !== undefined && !this.#admission.verify(query, message))
      return this.#passOn(query) ?? this.#refuseSignature(query);
    if (!isVersionKnown) return outgoing.refusal(query, Rcode.BadVers);
    if (message.question === undefined) {
      // A client may ask for a cookie and nothing else (RFC 7873 §5.4).
      const asksCookie = opcode === Opcode.Query && cookieOf(query) !== undefined;
      return outgoing.refusal(query, asksCookie ? Rcode.NoError : Rcode.FormErr);
    }
    if (!cookieFits && this.#admission.mustProve(query))
      return outgoing.refusal(query, Rcode.BadCookie);
    return this.#ask(query);
  }

  #refuseSignature(query: ReceivedQuery): Reply {
    const { signature } = query;
    this.counters.signaturesFailed++;
    const rcode = signature.kind === 'refused' ? signature.rcode : Rcode.NotAuth;
    return this.#outgoing.refusal(query, rcode);
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
      return Buffer.isBuffer(said)
        ? this.#outgoing.passedBack(query, said)
        : this.#outgoing.outcome(query, said);
    } catch (error) {
      return this.#outgoing.fault(query, error);
    }
  }

  /** A query whose form is right. */
  #ask(query: ReceivedQuery): Reply {
    if (query.class === Class.CH && query.opcode === Opcode.Query) return this.#tell(query);
    const rcode = queryRcode(query);
    if (rcode !== Rcode.NoError) return this.#outgoing.refusal(query, rcode);
    if (this.#admission.mustProve(query)) return this.#sendToStream(query);
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
    if (text === undefined) return this.#outgoing.refusal(query, Rcode.Refused);
    if (this.#admission.mustProve(query)) return this.#sendToStream(query);
    return this.#outgoing.text(query, text);
  }

  /** Over TCP who asks is at his address. */
  #sendToStream(query: ReceivedQuery): Buffer | undefined {
    return this.#outgoing.refusal(query, Rcode.NoError, Flag.Truncated);
  }

  /** An update that came again, from its client or from who overheard it, is answered again and not done again. */
  #once(query: ReceivedQuery, signature: VerifiedTsig): Reply {
    const known = this.#replays.begin(signature);
    if (known === 'pending') return undefined;
    if (known !== 'new') return this.#outgoing.again(query, known);
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
      return 'then' in outcome
        ? this.#later(query, outcome)
        : this.#outgoing.outcome(query, outcome);
    } catch (error) {
      return this.#outgoing.fault(query, error);
    }
  }

  async #later(query: ReceivedQuery, outcome: PromiseLike<Outcome>): Promise<ReadyReply> {
    try {
      return this.#outgoing.outcome(query, await outcome);
    } catch (error) {
      return this.#outgoing.fault(query, error);
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
