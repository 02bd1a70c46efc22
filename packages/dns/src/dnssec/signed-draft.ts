// The sections of one answer, each RRset of the zone with its signatures behind it.
import type { Answer, AnswerEntry } from '../contract/answer.ts';
import { isWithin, type Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { RRset } from '../zone/rrset.ts';
import type { CachedSignatures } from './signature-cache.ts';

/** An answer with its signatures. */
export interface SignedAnswer {
  readonly answer: Answer;
  /** Seconds since 1970. */
  readonly useFrom: number;
  readonly useUntil: number;
}

/** Signs an RRset under the name with the key `owner`. */
export type Sign = (rrset: RRset, owner: string) => CachedSignatures;

/** The sections of one answer while signatures are added. */
export class SignedDraft {
  #useFrom: number = Number.NEGATIVE_INFINITY;
  #useUntil: number = Number.POSITIVE_INFINITY;
  readonly #origin: Name;
  readonly #sign: Sign;

  constructor(origin: Name, sign: Sign) {
    this.#origin = origin;
    this.#sign = sign;
  }

  made(answer: Answer): SignedAnswer {
    return { answer, useFrom: this.#useFrom, useUntil: this.#useUntil };
  }

  /** Each entry with its signatures behind it. */
  section(entries: readonly AnswerEntry[], asked: string, mayDelegate = false): AnswerEntry[] {
    const signed: AnswerEntry[] = [];
    const redirected = new Set<string>();
    for (const entry of entries) {
      signed.push(entry);
      const { rrset, owner = rrset.name, ttl = rrset.ttl } = entry;
      const { type } = rrset;
      const key = owner === 'question' ? asked : owner.key;
      if (type === Type.DNAME) redirected.add(key);
      // An alias that a DNAME makes is proven by the DNAME, which is said once (RFC 6672 §5.3.1).
      const isMadeUp =
        type === Type.CNAME &&
        [...redirected].some((above) => key !== above && isWithin(key, above));
      // Servers of a delegation are the child's to sign; signatures are not signed.
      const isForeign = type === Type.RRSIG || isMadeUp || !isWithin(key, this.#origin.key);
      const delegates = mayDelegate && type === Type.NS && key !== this.#origin.key;
      if (isForeign || delegates) continue;
      const signatures = this.#sign(rrset, key);
      this.#useFrom = Math.max(this.#useFrom, signatures.useFrom);
      this.#useUntil = Math.min(this.#useUntil, signatures.useUntil);
      // The same data may have been signed as that of a wildcard.
      signed.push({ rrset: signatures.rrset, owner, ttl });
    }
    return signed;
  }
}
