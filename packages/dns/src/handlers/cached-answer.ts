// One answer in a cache: how long it is good for, and what it looks like after a while.
import type { Answer, AnswerEntry } from '../contract/answer.ts';
import type { DnsQuery } from '../contract/query.ts';
import { ExtendedErrorCode, Rcode, Type } from '../numbers.ts';
import { decodeSoa } from '../rdata/decode-rdata.ts';
import { STALE_TTL, staleCode } from './stale-answers.ts';

/** Bounds of how long answers are kept, in seconds. */
export interface TtlBounds {
  /** Answers with a shorter TTL are kept, and shown to clients, as if it were this. */
  readonly minTtl: number;
  readonly maxTtl: number;
  /** Most for what does not exist (RFC 2308 §5). */
  readonly negativeTtl: number;
  /** For SERVFAIL (RFC 9520 §3.2). */
  readonly failureTtl: number;
}

/**
 * Besides their octets, as measured: an entry with the reply that is kept with it, an RRset with its name, a record, a name in
 * its data.
 */
const ENTRY_BYTES = 1_200;
const RRSET_BYTES = 600;
const RECORD_BYTES = 300;
const ERROR_BYTES = 100;
const NAME_BYTES = 500;

/** Seconds for which `answer` to a question of `type` may be kept; 0 if it must not be. */
export function lifetimeOf(answer: Answer, type: number, bounds: TtlBounds): number {
  const { rcode } = answer;
  // That somebody had too much to do a moment ago says nothing about the name.
  if (rcode === Rcode.ServFail) return isNotReady(answer) ? 0 : bounds.failureTtl;
  if (rcode !== Rcode.NoError && rcode !== Rcode.NXDomain) return 0;
  let ttl = bounds.maxTtl;
  for (const entry of allEntries(answer)) ttl = Math.min(ttl, ttlOf(entry));
  if (isPositive(answer, type)) return Math.max(ttl, Math.min(bounds.minTtl, bounds.maxTtl));
  const soa = answer.authority.find(({ rrset }) => rrset.type === Type.SOA)?.rrset.records[0];
  // Without SOA nobody has said for how long, and a referral is no answer (RFC 2308 §5).
  if (soa === undefined) return 0;
  const least = Math.min(ttl, decodeSoa(soa.wire).minimum, bounds.negativeTtl);
  return Math.max(least, Math.min(bounds.minTtl, bounds.negativeTtl));
}

/** An answer, kept. */
export class CachedAnswer {
  readonly answer: Answer;
  /** In milliseconds on the clock of the cache. */
  readonly storedAt: number;
  readonly endsAt: number;
  /** Memory it takes, roughly. */
  readonly bytes: number;
  /** No further attempt to replace it before this, as the last one failed. */
  retryAt = 0;
  readonly #minTtl: number;
  readonly #maxTtl: number;
  #shown: Answer | undefined;
  #shownAge = -1;
  #stale: Answer | undefined;

  constructor(
    answer: Answer,
    {
      query,
      now,
      lifetime,
      bounds,
    }: {
      readonly query: Pick<DnsQuery, 'key' | 'type'>;
      readonly now: number;
      /** In seconds, as {@link lifetimeOf} says. */
      readonly lifetime: number;
      readonly bounds: TtlBounds;
    },
  ) {
    this.answer = answer;
    this.storedAt = now;
    this.endsAt = now + lifetime * 1000;
    this.#minTtl = Math.min(bounds.minTtl, lifetime);
    this.#maxTtl = isPositive(answer, query.type) ? bounds.maxTtl : lifetime;
    this.bytes = sizeOf(answer) + query.key.length * 2;
  }

  get failed(): boolean {
    return this.answer.rcode === Rcode.ServFail;
  }

  /** The answer as it is at `now`, before its end: with what is left of each TTL. */
  at(now: number): Answer {
    const age = Math.floor((now - this.storedAt) / 1000);
    if (this.#shown === undefined || this.#shownAge !== age) {
      this.#shownAge = age;
      const ttl = (entry: AnswerEntry): number =>
        Math.max(Math.min(Math.max(ttlOf(entry), this.#minTtl), this.#maxTtl) - age, 0);
      const errors = this.failed
        ? [...(this.answer.errors ?? []), { code: ExtendedErrorCode.CachedError }]
        : this.answer.errors;
      this.#shown = { ...withTtls(this.answer, ttl), errors };
    }
    return this.#shown;
  }

  /** The answer after its end, for want of a better one (RFC 8767). */
  get stale(): Answer {
    if (this.#stale === undefined) {
      const shown = withTtls(this.answer, () => STALE_TTL);
      // What was validated once may not be valid any more.
      this.#stale = {
        ...shown,
        authenticData: undefined,
        errors: [{ code: staleCode(this.answer) }],
      };
    }
    return this.#stale;
  }
}

function withTtls(answer: Answer, ttlFor: (entry: AnswerEntry) => number): Answer {
  const all = (entries: readonly AnswerEntry[]): readonly AnswerEntry[] =>
    entries.map((entry) => ({ ...entry, ttl: ttlFor(entry) }));
  return {
    ...answer,
    authoritative: false,
    answer: all(answer.answer),
    authority: all(answer.authority),
    glue: all(answer.glue),
    additional: all(answer.additional),
    options: undefined,
    shared: true,
  };
}

function isNotReady({ errors }: Answer): boolean {
  return errors?.some(({ code }) => code === ExtendedErrorCode.NotReady) === true;
}

/** True if there is what was asked for. */
function isPositive({ answer, rcode }: Answer, type: number): boolean {
  if (rcode !== Rcode.NoError) return false;
  return answer.some(({ rrset }) => rrset.type === type || type === Type.ANY);
}

function ttlOf({ rrset, ttl }: AnswerEntry): number {
  return ttl ?? rrset.ttl;
}

function* allEntries(answer: Answer): Generator<AnswerEntry, void, undefined> {
  yield* answer.answer;
  yield* answer.authority;
  yield* answer.glue;
  yield* answer.additional;
}

function sizeOf(answer: Answer): number {
  let bytes = ENTRY_BYTES;
  for (const { text = '' } of answer.errors ?? []) bytes += ERROR_BYTES + text.length * 2;
  for (const { rrset } of allEntries(answer)) {
    bytes += RRSET_BYTES + rrset.name.wire.length * 2;
    for (const { wire, compressible, target } of rrset.records) {
      const names = compressible.length || (target === undefined ? 0 : 1);
      bytes += RECORD_BYTES + wire.length + names * NAME_BYTES;
    }
  }
  return bytes;
}
