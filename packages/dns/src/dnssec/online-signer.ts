// Signing answers as they are given: for zones whose names come from a function or a database, so that there is nothing to sign
// before somebody asks. What is not there is denied by RFC 9824.
import type { Reactor } from '@hawser/core';
import {
  type Answer,
  type AnswerEntry,
  answerWith,
  type Denial,
  type Outcome,
} from '../contract/answer.ts';
import type { Authority, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { startHandlers, stopHandlers } from '../handlers/handler-lifecycle.ts';
import type { Name } from '../name.ts';
import { Opcode, Rcode, Type } from '../numbers.ts';
import { rdataToText } from '../rdata/rdata-text.ts';
import { minimumOf } from '../zone/soa-serial.ts';
import { compactNsec, type DenialTypes } from './compact-denial.ts';
import { checkDigests, type DigestType } from './delegation-signer.ts';
import type { KeptKey, KeyState } from './kept-key.ts';
import { SignatureCache } from './signature-cache.ts';
import { SignatureTerms, type SignatureTimes } from './signature-terms.ts';
import { type SignedAnswer, SignedDraft } from './signed-draft.ts';
import { SigningKey } from './signing-key.ts';
import { checkedKeys, dsRecords, keyRRsets, keyTypes, type ZoneKeys } from './zone-keys.ts';

/** A key, and what it is used for: without a state it signs. */
export type OnlineKey = SigningKey | { readonly key: SigningKey; readonly state: KeyState };

/** Options for {@link onlineSigner}. */
export interface OnlineSignerOptions extends SignatureTimes {
  readonly keys: readonly OnlineKey[];
  /** TTL of the keys, in seconds. @defaultValue 3600 */
  readonly keyTtl?: number | undefined;
  /** Digests of CDS records: 2 is SHA-256, 4 is SHA-384. @defaultValue [2] */
  readonly digests?: readonly DigestType[] | undefined;
  /**
   * `exact` for a zone that says all a name has, whatever type it is asked for: resolvers may conclude from a proof what else is
   * not there (RFC 8198). `safe` makes them conclude nothing.
   * @defaultValue `"safe"`
   */
  readonly types?: DenialTypes | undefined;
  /** Signatures that are remembered, some 300 octets each. @defaultValue 20,000 */
  readonly maxSignatures?: number | undefined;
}

/**
 * `zone` with signatures for those who want them. Made for zones that are functions; one that is stored is better signed when it
 * changes.
 * @throws UsageError `HAWSER_DNS_KEY` for no keys, or not one that signs keys and one that signs data; `HAWSER_DNS_OPTIONS`
 *
 * @example
 * onlineSigner(dynamic('example.net', { resolve }), { keys: [key] });
 */
export function onlineSigner(zone: Authority, options: OnlineSignerOptions): OnlineSigner {
  return new OnlineSigner(zone, options);
}

/** Where a question came from, and what is known of it. */
interface Signing {
  readonly query: DnsQuery;
  readonly nowSeconds: number;
  /** RFC 9824 §5.1. */
  readonly compact: boolean;
}

/** Made by {@link onlineSigner}. */
export class OnlineSigner implements Authority {
  readonly origin: Name;
  readonly #zone: Authority;
  readonly #keyTtl: number;
  readonly #digests: readonly DigestType[];
  readonly #types: DenialTypes;
  readonly #signatures: SignatureCache;
  #keys: ZoneKeys;
  /** Of answers that are given again and again, so that replies are kept with them. */
  #signed = new WeakMap<Answer, SignedAnswer>();
  #signedCompact = new WeakMap<Answer, SignedAnswer>();
  #keyAnswers = new Map<number, Answer>();
  /** Of the last start of authority that was seen. */
  #negativeTtl = 60;

  constructor(zone: Authority, options: OnlineSignerOptions) {
    const { keyTtl = 3600, digests = [2], types = 'safe', maxSignatures = 20_000 } = options;
    if (!Number.isSafeInteger(keyTtl) || keyTtl < 0 || !(maxSignatures >= 1))
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot sign "${zone.origin}" as keyTtl is ${keyTtl} and maxSignatures ${maxSignatures}`,
      );
    checkDigests(digests);
    this.origin = zone.origin;
    this.#zone = zone;
    this.#keyTtl = keyTtl;
    this.#digests = digests;
    this.#types = types;
    this.#signatures = new SignatureCache(zone.origin, new SignatureTerms(options), maxSignatures);
    this.#keys = useOf(options.keys);
  }

  /** The DS records the parent should have, as text. */
  get ds(): readonly string[] {
    const { entry } = this.#keys;
    if (entry === undefined || entry === 'none') return [];
    const records = dsRecords(this.origin, entry, this.#digests);
    return records.map((rdata) => rdataToText(Type.DS, rdata));
  }

  /**
   * Signs with other keys from now on. To replace a key: publish the new one beside the active one, and wait for the TTL of the
   * keys; make it active and the old one `retired`; give the parent the new DS; leave the old one out when the DS, and
   * everything it signed, has gone from caches.
   * @throws UsageError `HAWSER_DNS_KEY`
   */
  setKeys(keys: readonly OnlineKey[]): void {
    this.#keys = useOf(keys);
    this.#signatures.clear();
    this.#signed = new WeakMap();
    this.#signedCompact = new WeakMap();
    this.#keyAnswers = new Map();
  }

  async started(reactor: Reactor): Promise<void> {
    await startHandlers([this.#zone], reactor);
  }

  async stopped(): Promise<void> {
    await stopHandlers([this.#zone]);
  }

  forwardUnchanged(query: DnsQuery): Promise<Outcome | Buffer> | undefined {
    return this.#zone.forwardUnchanged?.(query);
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    const { key, type, opcode, dnssecOk } = query;
    if (opcode !== Opcode.Query) return this.#zone.handle(query, next);
    if (key === this.origin.key && keyTypes.includes(type)) {
      const answer = this.#keyAnswer(type);
      return dnssecOk ? this.#sign(answer, query) : answer;
    }
    if (!dnssecOk && type !== Type.NSEC) return this.#zone.handle(query, next);
    let passed = false;
    const outcome = this.#zone.handle(query, (other) => {
      // Somebody else's answer.
      passed = true;
      return next(other);
    });
    const finish = (made: Outcome): Outcome =>
      passed || made.kind !== 'answer' ? made : this.#finish(made, query);
    return 'then' in outcome ? outcome.then(finish) : finish(outcome);
  }

  #finish(answer: Answer, query: DnsQuery): Answer {
    if (query.dnssecOk) return this.#sign(answer, query);
    // An NSEC that is asked for is given to everybody, and its signature is not (RFC 4035 §3.2.1).
    const { denial, authority } = answer;
    const delegated = authority.some(({ rrset }) => rrset.type === Type.NS);
    if (denial?.kind !== 'nodata' || delegated) return answer;
    this.#noteNegativeTtl(answer);
    const proof = this.#proof(denial, { query, delegated });
    return {
      ...answer,
      answer: [...answer.answer, proof],
      authority: [],
      denial: undefined,
      shared: false,
    };
  }

  #noteNegativeTtl({ authority }: Answer): void {
    const soa = authority.find(({ rrset }) => rrset.type === Type.SOA);
    if (soa === undefined) return;
    this.#negativeTtl = Math.min(soa.ttl ?? soa.rrset.ttl, minimumOf(soa.rrset));
  }

  /** DNSKEY, CDS or CDNSKEY. */
  #keyAnswer(type: number): Answer {
    let answer = this.#keyAnswers.get(type);
    if (answer === undefined) {
      const options = { ttl: this.#keyTtl, digests: this.#digests };
      const rrsets = keyRRsets(this.origin, this.#keys, options);
      const entries = rrsets.filter((rrset) => rrset.type === type).map((rrset) => ({ rrset }));
      answer = answerWith(Rcode.NoError, { authoritative: true, answer: entries, shared: true });
      this.#keyAnswers.set(type, answer);
    }
    return answer;
  }

  #sign(answer: Answer, query: DnsQuery): Answer {
    const { rcode } = answer;
    // Whatever the answer is, who says that he understands compact ones is told that we do (RFC 9824 §5.1).
    const compact = query.edns?.compactOk === true;
    if (rcode !== Rcode.NoError && rcode !== Rcode.NXDomain && rcode !== Rcode.YXDomain)
      return compact ? { ...answer, compactOk: true, shared: false } : answer;
    const nowSeconds = Math.floor(query.reactor.clock.epoch() / 1000);
    const signing: Signing = { query, nowSeconds, compact };
    if (!answer.shared) return this.#withSignatures(answer, signing).answer;
    const kept = compact ? this.#signedCompact : this.#signed;
    let made = kept.get(answer);
    if (made === undefined || nowSeconds < made.useFrom || nowSeconds >= made.useUntil) {
      made = this.#withSignatures(answer, signing);
      kept.set(answer, made);
    }
    return made.answer;
  }

  #withSignatures(answer: Answer, signing: Signing): SignedAnswer {
    const draft = new SignedDraft(this.origin, (rrset, owner) =>
      this.#signatures.get(rrset, owner, { keys: this.#keys, nowSeconds: signing.nowSeconds }),
    );
    const { query, compact } = signing;
    const { denial } = answer;
    const compactOk = compact || undefined;
    const answers = draft.section(answer.answer, query.key);
    const authority = draft.section(answer.authority, query.key, true);
    this.#noteNegativeTtl(answer);
    if (denial === undefined)
      return draft.made({ ...answer, answer: answers, authority, compactOk });
    const delegated = answer.authority.some(({ rrset }) => rrset.type === Type.NS);
    const proof = draft.section([this.#proof(denial, { query, delegated })], query.key);
    if (query.type === Type.NSEC && denial.kind === 'nodata' && !delegated)
      return draft.made({
        ...answer,
        answer: [...answers, ...proof],
        authority: [],
        denial: undefined,
        compactOk,
      });
    // Who asks for signatures and does not say that he understands it gets what the proof says (RFC 9824 §3.1).
    const rcode = denial.kind === 'nxdomain' && !compact ? Rcode.NoError : answer.rcode;
    const isRrsig = query.type === Type.RRSIG && denial.kind === 'nodata' && !delegated;
    return draft.made({
      ...answer,
      rcode,
      answer: isRrsig ? [...answers, ...proof.slice(1)] : answers,
      authority: isRrsig ? [] : [...authority, ...proof],
      compactOk,
    });
  }

  #proof(
    { kind, owner, types }: Denial,
    { query, delegated }: { readonly query: DnsQuery; readonly delegated: boolean },
  ): AnswerEntry {
    const key = owner === 'question' ? query.key : owner.key;
    const isApex = key === this.origin.key;
    const hasServers = !isApex && types.includes(Type.NS);
    const delegation = hasServers && (delegated || query.type === Type.DS);
    // Servers of a wildcard delegate nothing, and must not look as if they did.
    const held = hasServers && !delegation ? types.filter((type) => type !== Type.NS) : types;
    const rrset = compactNsec({
      kind,
      key,
      originKey: this.origin.key,
      types: isApex ? [...held, ...keyTypes] : held,
      denied: query.type === Type.NSEC ? undefined : query.type,
      delegation,
      style: this.#types,
      ttl: this.#negativeTtl,
    });
    return { rrset, owner };
  }
}

function useOf(keys: readonly OnlineKey[]): ZoneKeys {
  const kept = keys.map((each): KeptKey => {
    if (each instanceof SigningKey) return { key: each, state: 'active', since: 0 };
    return { key: each.key, state: each.state, since: 0 };
  });
  return checkedKeys(kept);
}
