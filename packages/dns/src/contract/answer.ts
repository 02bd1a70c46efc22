// What a handler says, before it is bytes.
import type { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';

/** An RRset in an answer, with what differs from how it is kept. */
export interface AnswerEntry {
  readonly rrset: RRset;
  /** `"question"` if its owner is the name asked for; otherwise its own name, or the one a wildcard became. */
  readonly owner?: Name | 'question' | undefined;
  readonly ttl?: number | undefined;
}

/** Why an answer is as it is, for who looks into it (RFC 8914). */
export interface ExtendedError {
  /** One of {@link ExtendedErrorCode}, or a newer one. */
  readonly code: number;
  readonly text?: string | undefined;
}

/** An EDNS option to send along. Left out where the query had no OPT. */
export interface AnswerOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/**
 * That something is not there: what a zone that is signed when it is asked has to prove (RFC 9824 §3). Zones that hold
 * their proofs have them in the authority section already.
 */
export interface Denial {
  /**
   * `"nxdomain"`: the name does not exist. `"nodata"`: it does, and has nothing of the type asked for; for a referral the
   * name is that of the delegation, which has no DS.
   */
  readonly kind: 'nxdomain' | 'nodata';
  /** Which name: the last of a chain of aliases, and the one asked for if there is none. */
  readonly owner: Name | 'question';
  /** What the name does have, ascending. Empty for one that does not exist, or only because names below it do. */
  readonly types: readonly number[];
}

/** One message. Immutable: who changes an answer makes another one. */
export interface Answer {
  readonly kind: 'answer';
  /** Above 15 it takes EDNS to tell: who asked without gets SERVFAIL. */
  readonly rcode: number;
  /** AA. False for a referral, and for what was learned from others. */
  readonly authoritative: boolean;
  readonly answer: readonly AnswerEntry[];
  readonly authority: readonly AnswerEntry[];
  /** Addresses a referral is useless without: if they do not fit, the message is truncated (RFC 9471). */
  readonly glue: readonly AnswerEntry[];
  /** Addresses worth adding if there is room. */
  readonly additional: readonly AnswerEntry[];
  /** RA: who answers looks names up for others. @defaultValue false */
  readonly recursionAvailable?: boolean | undefined;
  /** AD: the data was validated (RFC 4035 §3.2.3). @defaultValue false */
  readonly authenticData?: boolean | undefined;
  /** CO: what is denied is denied compactly, and the code says so as well (RFC 9824 §5.1). @defaultValue false */
  readonly compactOk?: boolean | undefined;
  /** What a negative answer or a referral says there is not. */
  readonly denial?: Denial | undefined;
  readonly errors?: readonly ExtendedError[] | undefined;
  readonly options?: readonly AnswerOption[] | undefined;
  /**
   * This very object will answer the same question (name, type, class, DO) again, so that its octets are worth keeping
   * with it. They go when it goes. False: neither they nor it are worth keeping.
   */
  readonly shared?: boolean | undefined;
}

/**
 * Many messages for one question, as a zone transfer takes (RFC 5936, RFC 1995). Only for queries over a stream. Records are
 * taken when the client has room for them; an RRset may be cut into several messages between its records.
 */
export interface AnswerStream {
  readonly kind: 'stream';
  /** The records in their order. Iterated once; `return()` is called if the client goes away. */
  readonly rrsets: Iterable<RRset>;
  /** EDNS options of the first message. Left out where the query had no OPT. */
  readonly options?: readonly AnswerOption[] | undefined;
  /** Called once when all was given to the transport, or with why not. */
  ended?(failure?: Error): void;
}

/** No reply at all. */
export interface Silence {
  readonly kind: 'silence';
}

/** What became of a query. */
export type Outcome = Answer | AnswerStream | Silence;

/** Says nothing. */
export const silence: Silence = { kind: 'silence' };

const nothing: readonly AnswerEntry[] = [];
const bare = new Map<number, Answer>();

/** An answer of a response code and nothing else. */
export function codeAnswer(rcode: number): Answer {
  let answer = bare.get(rcode);
  if (answer === undefined) {
    answer = answerWith(rcode, {});
    bare.set(rcode, answer);
  }
  return answer;
}

/** An answer of `rcode` with `parts`; what is not among them is empty, and AA is not set. */
export function answerWith(rcode: number, parts: Partial<Omit<Answer, 'kind' | 'rcode'>>): Answer {
  return {
    kind: 'answer',
    rcode,
    authoritative: false,
    answer: nothing,
    authority: nothing,
    glue: nothing,
    additional: nothing,
    ...parts,
  };
}
