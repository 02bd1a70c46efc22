// From an answer to the octets of a reply.
import type { Answer, AnswerOption, ExtendedError } from '../contract/answer.ts';
import { EdnsOption, type EdnsOptionData } from '../message/edns.ts';
import { ednsCodecs } from '../message/edns-option.ts';
import { Flag, type Header } from '../message/header.ts';
import type { Question } from '../message/reader.ts';
import { MAX_MESSAGE_BYTES, MessageWriter } from '../message/writer.ts';
import { Class, Rcode, Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { signTsigResponse, tsigBytes } from '../tsig/sign.ts';
import type { ReceivedQuery } from './query.ts';
import { keepReply, keptReply } from './reply-cache.ts';
import { writeAnswer } from './write-answer.ts';

/** Extended errors of one answer: more explain nothing. */
const MAX_ERRORS = 4;

interface BeginOptions {
  readonly compactOk?: boolean | undefined;
  readonly options?: readonly EdnsOptionData[] | undefined;
  readonly question?: boolean | undefined;
}

/** Writes replies, one after another. */
export class ReplyWriter {
  readonly writer: MessageWriter = new MessageWriter();
  readonly #udpPayloadBytes: number;
  /** Replies that were there already. */
  kept = 0;

  constructor(udpPayloadBytes: number) {
    this.#udpPayloadBytes = udpPayloadBytes;
  }

  /** Twelve octets: what we know of the question is not worth repeating. */
  bare(header: Header, rcode: number, keep: number = Flag.RecursionDesired): Buffer {
    this.writer.begin({ id: header.id, flags: replyFlags(header.flags, keep), maxBytes: 512 });
    return this.writer.finish(rcode);
  }

  /** To what breaks the format, with the question if it was found. */
  malformed(bytes: Buffer, header: Header, question: Question | undefined): Buffer {
    this.writer.begin({ id: header.id, flags: replyFlags(header.flags), maxBytes: 512 });
    if (question !== undefined) this.writer.question(bytes, question);
    return this.writer.finish(Rcode.FormErr);
  }

  /** A reply without records. `flags` are added. */
  refusal(query: ReceivedQuery, rcode: number, flags = 0): Buffer {
    this.begin(query);
    return this.sign(query, this.writer.finish(rcode, flags));
  }

  /** A text of class CH. */
  text(query: ReceivedQuery, rdata: Rdata): Buffer {
    this.begin(query);
    const { name } = query;
    this.writer.record('answer', { name, type: Type.TXT, class: Class.CH, ttl: 0, rdata });
    return this.sign(query, this.writer.finish(Rcode.NoError, Flag.Authoritative));
  }

  /** The reply with `answer`, from what was kept if there is something. */
  answer(query: ReceivedQuery, answer: Answer): Buffer {
    const own = query.replyOptions !== undefined || query.signature.kind !== 'unsigned';
    if (own || !answer.shared) return this.sign(query, this.#write(query, answer).bytes);
    const maxBytes = this.#maxBytes(query);
    const found = keptReply(answer, query, maxBytes);
    if (found !== undefined) {
      this.kept++;
      return patched(found, query);
    }
    const written = this.#write(query, answer);
    keepReply(answer, query, { ...written, maxBytes });
    return written.bytes;
  }

  /** True if `query` may be answered with a message as long as `reply`. */
  fits(query: ReceivedQuery, reply: Buffer): boolean {
    return reply.length <= this.#maxBytes(query);
  }

  /** Begins a reply to `query`; one without its question has no OPT either. */
  begin(query: ReceivedQuery, more: BeginOptions = {}): void {
    const { options, question = true, compactOk = false } = more;
    const { bytes, flags, replyOptions: own } = query;
    const all = own === undefined ? options : [...own.options, ...(options ?? [])];
    this.writer.begin({
      id: bytes.readUInt16BE(0),
      flags: replyFlags(flags),
      maxBytes: this.#maxBytes(query),
      reserveBytes: tsigBytes(query.signature),
      edns:
        query.hasEdns && question
          ? {
              udpSize: this.#udpPayloadBytes,
              dnssecOk: query.dnssecOk,
              compactOk,
              options: all,
              padToBytes: own?.padToBytes,
            }
          : undefined,
    });
    if (question) this.writer.question(bytes, query.question);
  }

  /** `reply` with the signature it needs (RFC 8945 §5.3). */
  sign(query: ReceivedQuery, reply: Buffer): Buffer {
    const { signature } = query;
    if (signature.kind === 'unsigned') return reply;
    return signTsigResponse(reply, signature, { nowSeconds: query.reactor.clock.epoch() / 1000 });
  }

  #write(query: ReceivedQuery, answer: Answer): ReturnType<typeof writeAnswer> {
    const options = query.hasEdns ? optionsOf(answer) : undefined;
    this.begin(query, { options, compactOk: answer.compactOk });
    const aa = answer.authoritative && query.class === Class.IN ? Flag.Authoritative : 0;
    const ra = answer.recursionAvailable ? Flag.RecursionAvailable : 0;
    const ad = answer.authenticData ? Flag.AuthenticData : 0;
    return writeAnswer(this.writer, answer, aa | ra | ad);
  }

  #maxBytes({ context, udpSize }: ReceivedQuery): number {
    if (context.transport !== 'udp') return MAX_MESSAGE_BYTES;
    return Math.min(Math.max(512, udpSize), this.#udpPayloadBytes);
  }
}

/** A response to this opcode. Of the other bits only RD comes back: AD, CD, RA and Z are not ours to claim. */
function replyFlags(flags: number, keep: number = Flag.RecursionDesired): number {
  return Flag.Response | (flags & 0x7800) | (flags & keep);
}

/** The options an answer brings. An option the codec cannot write is a mistake of the handler, and thrown. */
function optionsOf({ errors, options }: Answer): readonly EdnsOptionData[] | undefined {
  if (errors === undefined) return options;
  const explained = errors.slice(0, MAX_ERRORS).map((error) => errorOption(error));
  return [...explained, ...(options ?? ([] as readonly AnswerOption[]))];
}

function errorOption(error: ExtendedError): EdnsOptionData {
  return { code: EdnsOption.Error, data: ednsCodecs.error.encode(error).data };
}

/** A reply to somebody else, made into one to this query: same name, other id, RD bit, spelling and perhaps type. */
function patched(reply: Buffer, query: ReceivedQuery): Buffer {
  const copy = Buffer.allocUnsafe(reply.length);
  copy.set(reply);
  const { bytes, question } = query;
  copy[0] = bytes[0] ?? 0;
  copy[1] = bytes[1] ?? 0;
  copy[2] = ((copy[2] ?? 0) & 0xfe) | ((bytes[2] ?? 0) & 1);
  for (let at = 12; at < question.end; at++) copy[at] = bytes[at] ?? 0;
  return copy;
}
