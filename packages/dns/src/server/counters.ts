import type { QueryTransport } from '../contract/query.ts';

/** Counts at one moment, as plain data. Every count begins at 0 when the responder is made and only grows. */
export interface CountersSnapshot {
  /** Messages that asked something, by the way they came. */
  readonly queries: Readonly<Record<QueryTransport, number>>;
  /** The same by opcode. */
  readonly opcodes: Readonly<Record<number, number>>;
  /** Replies by response code, extended codes included. */
  readonly rcodes: Readonly<Record<number, number>>;
  /** Messages that deserved no reply: too short for a header, or responses themselves. */
  readonly ignored: number;
  /** Queries that a handler answered with silence. */
  readonly silent: number;
  /** Queries that were dropped as too many were being answered. */
  readonly overloaded: number;
  /** Replies that were there already, ready to send. */
  readonly kept: number;
  /** Replies with TC, those of the rate limit included. */
  readonly truncated: number;
  /** Replies of many messages. */
  readonly streams: number;
  /** Replies that the rate limit held back, and those it sent as empty ones with TC. */
  readonly rateLimited: { readonly dropped: number; readonly slipped: number };
  /** Requests whose signature was verified, and those whose was not good (RFC 8945). */
  readonly signatures: { readonly verified: number; readonly failed: number };
  /** Queries with a cookie of ours, and with one that is not good any more or never was (RFC 7873). */
  readonly cookies: { readonly verified: number; readonly failed: number };
  readonly requestBytes: number;
  readonly replyBytes: number;
  /** Replies of at most so many octets and more than the step before. */
  readonly replySizes: readonly { readonly upTo: number; readonly count: number }[];
}

const RCODES = 32;
/** 64, 128, … 65,536 octets. */
const SIZES = 11;

/** What a responder has done. Counting costs an addition or two. */
export class ResponderCounters {
  readonly #opcodes = new Float64Array(16);
  readonly #rcodes = new Float64Array(RCODES);
  readonly #sizes = new Float64Array(SIZES);
  readonly #queries: Record<QueryTransport, number> = { udp: 0, tcp: 0, tls: 0, https: 0 };
  #requestBytes = 0;
  #replyBytes = 0;
  ignored = 0;
  silent = 0;
  overloaded = 0;
  kept = 0;
  truncated = 0;
  streams = 0;
  rateDropped = 0;
  rateSlipped = 0;
  signaturesVerified = 0;
  signaturesFailed = 0;
  cookiesVerified = 0;
  cookiesFailed = 0;

  /** A message that asks something has come. */
  asked(transport: QueryTransport, request: Buffer): void {
    this.#queries[transport]++;
    const opcode = ((request[2] ?? 0) >> 3) & 15;
    this.#opcodes[opcode] = (this.#opcodes[opcode] ?? 0) + 1;
    this.#requestBytes += request.length;
  }

  /** A reply leaves. */
  replied(reply: Buffer, rcode: number): void {
    const code = rcode & (RCODES - 1);
    this.#rcodes[code] = (this.#rcodes[code] ?? 0) + 1;
    const size = Math.min(SIZES - 1, 32 - Math.clz32((reply.length - 1) >> 6));
    this.#sizes[size] = (this.#sizes[size] ?? 0) + 1;
    this.#replyBytes += reply.length;
    if (((reply[2] ?? 0) & 2) !== 0) this.truncated++;
  }

  snapshot(): CountersSnapshot {
    return {
      queries: { ...this.#queries },
      opcodes: nonZero(this.#opcodes),
      rcodes: nonZero(this.#rcodes),
      ignored: this.ignored,
      silent: this.silent,
      overloaded: this.overloaded,
      kept: this.kept,
      truncated: this.truncated,
      streams: this.streams,
      rateLimited: { dropped: this.rateDropped, slipped: this.rateSlipped },
      signatures: { verified: this.signaturesVerified, failed: this.signaturesFailed },
      cookies: { verified: this.cookiesVerified, failed: this.cookiesFailed },
      requestBytes: this.#requestBytes,
      replyBytes: this.#replyBytes,
      replySizes: Array.from(this.#sizes, (count, index) => ({ upTo: 64 << index, count })),
    };
  }
}

function nonZero(counts: Float64Array): Record<number, number> {
  const found: Record<number, number> = {};
  counts.forEach((count, index) => {
    if (count > 0) found[index] = count;
  });
  return found;
}
