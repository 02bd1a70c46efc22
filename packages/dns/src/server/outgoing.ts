// What leaves: what handlers say as replies, as far as they may be sent, counted and told of.
import { type Reactor, toError, UsageError } from '@hawser/core';
import { type AnswerStream, codeAnswer, type Outcome } from '../contract/answer.ts';
import type { DnsErrorCode } from '../errors.ts';
import { Flag, type Header } from '../message/header.ts';
import type { Question } from '../message/reader.ts';
import { Rcode } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { TsigStreamSigner } from '../tsig/tsig-stream.ts';
import type { Admission } from './admission.ts';
import { AnswerPuller } from './answer-puller.ts';
import type { ResponderCounters } from './counters.ts';
import type { QueryContext, ReceivedQuery } from './query.ts';
import type { ReadyReply, ReplyStream } from './reply.ts';
import type { ReplyWriter } from './reply-writer.ts';
import type { ResponderOptions } from './responder-options.ts';

/** What {@link Outgoing} needs. */
export interface OutgoingParts {
  readonly writer: ReplyWriter;
  readonly admission: Pick<Admission, 'judge' | 'isTooMany'>;
  readonly counters: ResponderCounters;
  readonly hooks: Pick<ResponderOptions, 'answering' | 'answered'>;
}

/** Who sent what is no query: nobody could read it, or nobody needs to. */
export interface Sender {
  readonly context: QueryContext;
  /** Undefined if the server was not started. */
  readonly reactor: Reactor | undefined;
}

/** Makes of what there is to say a reply, or nothing where it must not be sent. */
export class Outgoing {
  readonly #writer: ReplyWriter;
  readonly #admission: OutgoingParts['admission'];
  readonly #counters: ResponderCounters;
  readonly #hooks: OutgoingParts['hooks'];

  constructor({ writer, admission, counters, hooks }: OutgoingParts) {
    this.#writer = writer;
    this.#admission = admission;
    this.#counters = counters;
    this.#hooks = hooks;
  }

  /** What handlers say. Throws as `answering` does. */
  outcome(query: ReceivedQuery, outcome: Outcome): ReadyReply {
    if (outcome.kind === 'silence') {
      this.#counters.silent++;
      return undefined;
    }
    if (outcome.kind === 'stream') return this.#stream(query, outcome);
    const { answering } = this.#hooks;
    const wanted = answering === undefined ? outcome : answering(query, outcome);
    // Without OPT only the low four bits would be told, which mean something else: those of BADVERS, NOERROR.
    const tellable = wanted.rcode < 16 || query.hasEdns;
    const answer = tellable ? wanted : codeAnswer(Rcode.ServFail);
    const verdict = this.#admission.judge(query, answer);
    if (verdict === 'drop') return undefined;
    if (verdict === 'slip') return this.refusal(query, answer.rcode, Flag.Truncated);
    const reply = this.#writer.answer(query, answer);
    this.#counters.kept = this.#writer.kept;
    return this.#told(query, answer.rcode, reply);
  }

  /** A code and nothing else. `flags` are added. */
  refusal(query: ReceivedQuery, rcode: number, flags = 0): Buffer | undefined {
    // What has TC is what is sent instead of a reply that was too many, or too long.
    if (!query.addressProven && flags === 0 && this.#isTooMany(query, rcode)) return undefined;
    return this.#told(query, rcode, this.#writer.refusal(query, rcode, flags));
  }

  /** A fault of ours, which is reported. */
  fault(query: ReceivedQuery, error: unknown): Buffer | undefined {
    query.reactor.reports.problem('dns.respond', error);
    return this.refusal(query, Rcode.ServFail);
  }

  /** A text of class CH. It is several times as long as the question: as good for floods as any other data. */
  text(query: ReceivedQuery, text: Rdata): Buffer | undefined {
    const verdict = this.#admission.judge(query, codeAnswer(Rcode.NoError));
    if (verdict === 'drop') return undefined;
    if (verdict === 'slip') return this.refusal(query, Rcode.NoError, Flag.Truncated);
    return this.#told(query, Rcode.NoError, this.#writer.text(query, text));
  }

  /** The reply of somebody else, octet by octet but for its id. */
  passedBack(query: ReceivedQuery, reply: Buffer): Buffer | undefined {
    const rcode = (reply[3] ?? 0) & 15;
    if (!this.#writer.fits(query, reply)) return this.refusal(query, rcode, Flag.Truncated);
    if (!query.addressProven && this.#isTooMany(query, rcode)) return undefined;
    return this.#told(query, rcode, withId(reply, query.bytes));
  }

  /** What was replied before to the same request. */
  again(query: ReceivedQuery, reply: Buffer): Buffer {
    return this.#counted(withId(reply, query.bytes), (reply[3] ?? 0) & 15);
  }

  /** Twelve octets, to what was not read as far as its question; `keep` are flags that come back. */
  bare(
    header: Header,
    { rcode, keep }: { readonly rcode: number; readonly keep?: number },
    sender: Sender,
  ): Buffer | undefined {
    if (this.#isTooMany(sender, rcode)) return undefined;
    return this.#counted(this.#writer.bare(header, rcode, keep), rcode);
  }

  /** To `bytes`, which break the format, with the question if it was found. */
  malformed(
    bytes: Buffer,
    { header, question }: { readonly header: Header; readonly question: Question | undefined },
    sender: Sender,
  ): Buffer | undefined {
    if (this.#isTooMany(sender, Rcode.FormErr)) return undefined;
    return this.#counted(this.#writer.malformed(bytes, header, question), Rcode.FormErr);
  }

  #stream(query: ReceivedQuery, stream: AnswerStream): ReadyReply {
    if (query.transport === 'udp' || query.transport === 'https') {
      const error = new UsageError<DnsErrorCode>(
        'HAWSER_DNS_OPTIONS',
        `Cannot answer with many messages over ${query.transport}`,
      );
      stream.ended?.(error);
      return this.fault(query, error);
    }
    this.#counters.streams++;
    this.#tell(query, Rcode.NoError, undefined);
    return this.#puller(query, stream);
  }

  #puller(query: ReceivedQuery, stream: AnswerStream): ReplyStream {
    const { signature, reactor } = query;
    const signer = signature.kind === 'verified' ? new TsigStreamSigner(signature) : undefined;
    const writer = this.#writer;
    return new AnswerPuller(stream, {
      writer: writer.writer,
      begin: (first) => writer.begin(query, { question: first, options: stream.options }),
      finish: () => {
        const message = writer.writer.finish(Rcode.NoError, Flag.Authoritative);
        const nowSeconds = reactor.clock.epoch() / 1000;
        return this.#counted(signer?.sign(message, { nowSeconds }) ?? message, Rcode.NoError);
      },
      failed: (error) => reactor.reports.problem('dns.transfer', error),
    });
  }

  #isTooMany({ context, reactor }: Sender, rcode: number): boolean {
    return reactor !== undefined && this.#admission.isTooMany(context, rcode, reactor);
  }

  #told(query: ReceivedQuery, rcode: number, reply: Buffer): Buffer {
    this.#tell(query, rcode, reply);
    return this.#counted(reply, rcode);
  }

  #counted(reply: Buffer, rcode: number): Buffer {
    this.#counters.replied(reply, rcode);
    return reply;
  }

  #tell(query: ReceivedQuery, rcode: number, reply: Buffer | undefined): void {
    const { answered } = this.#hooks;
    if (answered === undefined) return;
    try {
      const truncated = ((reply?.[2] ?? 0) & 2) !== 0;
      answered({ query, rcode, bytes: reply?.length ?? 0, truncated });
    } catch (thrown) {
      query.reactor.reports.problem('dns.answered', toError(thrown));
    }
  }
}

/** A copy of `reply` with the id of `request`: a forwarder may have changed that, and a signature is not about it. */
function withId(reply: Buffer, request: Buffer): Buffer {
  const copy = Buffer.from(reply);
  request.copy(copy, 0, 0, 2);
  return copy;
}
