// Keeps a stored zone signed, all by itself: keys in the store, signatures that are renewed, keys that follow each other.
import { createNodeReactor, type DelayedCall, type Has } from '@hawser/core';
import type { CommitHook, LiveZone } from '../contract/live-zone.ts';
import type { AttendantContext, ZoneAttendant } from '../contract/zone-attendant.ts';
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { rdataToText } from '../rdata/rdata-text.ts';
import type { Edit, Zone } from '../zone/zone.ts';
import type { KeyAlgorithm } from './algorithm.ts';
import type { KeptKey, KeyBook, KeyState } from './kept-key.ts';
import { type KeyChange, KeyKeeper } from './key-keeper.ts';
import { awaitsParent, awaitsSignatures, type StepFacts, stepKeys } from './key-steps.ts';
import { readSignature } from './signature.ts';
import { SignatureTerms } from './signature-terms.ts';
import { SignatureUpkeep } from './signature-upkeep.ts';
import { isSignedWith, type SigningState, signingHooks } from './signer.ts';
import { generateKey, type KeyRole, type SigningKey } from './signing-key.ts';
import { dsRecords, keyRRsets } from './zone-keys.ts';
import type { ZoneSigningOptions } from './zone-signing-options.ts';

/** A key of a zone, without what is secret. */
export interface KeyStatus {
  readonly role: KeyRole;
  readonly algorithm: string;
  readonly tag: number;
  readonly state: KeyState;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/**
 * Signs a zone that is stored, as `dynamicZone('example.net', { signing: zoneSigning() })`. Keys are made when there are none,
 * and kept in the bucket `dnssec` of the store of the zone: who can read that can sign for the zone. For one zone only.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_KEY`
 */
export function zoneSigning(options: ZoneSigningOptions = {}): ZoneSigning {
  return new ZoneSigning(options);
}

/** Where keys are in a store. */
const BUCKET = 'dnssec';
/** The wall clock may jump, and another process may change keys. */
const MAX_WAIT_MS = 60_000;
const MIN_WAIT_MS = 1000;

/** Signs one zone. Made by {@link zoneSigning}. */
export class ZoneSigning implements ZoneAttendant {
  readonly hooks: readonly CommitHook[];
  readonly #options: ZoneSigningOptions;
  readonly #terms: SignatureTerms;
  readonly #keyTtl: number;
  readonly #propagationMs: number;
  readonly #checkMs: number;
  readonly #state: SigningState;
  #clock: Has<'clock'>['clock'] = createNodeReactor().clock;
  #attached: { readonly origin: Name; readonly keeper: KeyKeeper } | undefined;
  #zone: LiveZone | undefined;
  #reactor: Has<'clock' | 'reports'> | undefined;
  #upkeep: SignatureUpkeep | undefined;
  #timer: DelayedCall | undefined;
  #checkedParent = Number.NEGATIVE_INFINITY;
  #renewed: StepFacts['renewed'];
  /** Every signature is made in the next change, whatever there is. */
  #anew = false;

  constructor(options: ZoneSigningOptions = {}) {
    const { keyTtl = 3600, digests = [2], propagationSeconds = 3600 } = options;
    const { parentCheckSeconds = 300 } = options;
    for (const [name, value] of Object.entries({ keyTtl, propagationSeconds, parentCheckSeconds }))
      if (!Number.isSafeInteger(value) || value < 0)
        throw usageError('HAWSER_DNS_OPTIONS', `Cannot sign a zone as ${name} is ${value}`);
    this.#options = options;
    this.#terms = new SignatureTerms(options);
    this.#keyTtl = keyTtl;
    this.#propagationMs = propagationSeconds * 1000;
    this.#checkMs = Math.max(parentCheckSeconds, 1) * 1000;
    this.#state = {
      keys: () => this.#attached?.keeper.keys,
      epochMs: () => this.#clock.epoch(),
      terms: this.#terms,
      keyTtl,
      digests,
      anew: () => this.#anew,
      refresh: async () => void (await this.#attached?.keeper.load()),
    };
    this.hooks = signingHooks(this.#state);
  }

  /** The keys of the zone, without what is secret. */
  get keys(): readonly KeyStatus[] {
    const kept = this.#attached?.keeper.book.keys ?? [];
    return kept.map(({ key, state, since }) => ({
      role: key.role,
      algorithm: key.algorithm.name,
      tag: key.tag,
      state,
      since,
    }));
  }

  /** The DS records the parent should have, as text: what to give to whoever runs it. */
  get ds(): readonly string[] {
    return this.#dsRecords().map((rdata) => rdataToText(Type.DS, rdata));
  }

  /**
   * Begins to replace the keys by new ones, all of them or those of one role. Resolves when the new ones are published; the rest
   * takes its time: caches must learn of the new keys, signatures are renewed, and the parent gets the new DS, before the old
   * ones go.
   * @throws UsageError `HAWSER_DNS_KEY` while keys are being replaced, or for a zone that is not signed; StoreError
   */
  async rollover(options: { readonly role?: KeyRole | undefined } = {}): Promise<void> {
    await this.#context.keeper.change((book) => {
      const { role } = options;
      const replaced = book.keys.filter(({ key }) => role === undefined || key.role === role);
      const busy = book.keys.some(({ state }) => state !== 'active') || book.leaving !== undefined;
      if (busy || replaced.length === 0)
        throw usageError(
          'HAWSER_DNS_KEY',
          `Cannot replace keys of "${this.#context.origin}" as ${busy ? 'others are being replaced' : 'it has none of that role'}`,
        );
      const fresh = replaced.map(({ key }) => this.#makeLike(key, book));
      return { ...book, keys: [...book.keys, ...fresh] };
    });
  }

  /**
   * Says that the parent has the DS records it should, or none if the zone is to be without signatures: for parents nobody can
   * look up.
   */
  async parentUpdated(): Promise<void> {
    const records = this.#dsRecords();
    const parent = records.length === 0 ? undefined : { records, ttl: 86_400 };
    await this.#context.keeper.change((book) => stepKeys(book, this.#facts(parent)));
  }

  /**
   * Begins to make the zone one without signatures: the parent is asked to forget the keys (RFC 8078), and when it has, and
   * everybody who asked it, they go. Resolves when the parent is asked.
   * @throws StoreError
   */
  async unsign(): Promise<void> {
    await this.#context.keeper.change((book) =>
      book.leaving === undefined ? { ...book, leaving: this.#clock.epoch() } : book,
    );
  }

  /**
   * Signs a zone again that wants to be without signatures, or is: with new keys, if it gave up the old ones.
   * @throws StoreError
   */
  async sign(): Promise<void> {
    await this.#context.keeper.change((book) => {
      if (book.leaving === undefined) return book;
      return { keys: book.unsigned ? this.#firstKeys() : book.keys };
    });
  }

  async attach({ origin, bucket, reactor }: AttendantContext): Promise<void> {
    if (this.#attached !== undefined)
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot sign "${origin}" as this one signs "${this.#attached.origin}"`,
      );
    this.#clock = reactor.clock;
    const place = { origin, bucket: bucket(BUCKET) };
    const keeper = new KeyKeeper(place, (change) => this.#follow(change));
    this.#attached = { origin, keeper };
    if (await keeper.load()) return;
    await keeper.save({ keys: this.#firstKeys() });
    // Another process may have made others at the same time.
    await keeper.load();
  }

  async opened(zone: LiveZone): Promise<void> {
    this.#zone = zone;
    await this.#context.keeper.change((book) => this.#withUnseen(book, zone.snapshot));
    if (!this.#isCurrent(zone.snapshot)) await this.#resign(zone);
  }

  started(reactor: Has<'clock' | 'reports'>): void {
    const zone = this.#zone;
    if (zone === undefined) return;
    this.#clock = reactor.clock;
    this.#reactor = reactor;
    this.#upkeep = new SignatureUpkeep({
      zone,
      reactor,
      terms: this.#terms,
      keys: this.#state.keys,
      walked: ({ began, maxTtl }) => {
        this.#renewed = { began, maxTtlMs: maxTtl * 1000 };
        if (awaitsSignatures(this.#context.keeper.book)) this.#wait(0);
      },
    });
    this.#wait(MIN_WAIT_MS);
  }

  async stopped(): Promise<void> {
    this.#timer?.cancel();
    this.#upkeep?.[Symbol.dispose]();
    this.#reactor = undefined;
    await this.#upkeep?.idle();
    await this.#attached?.keeper.idle();
    this.#upkeep = undefined;
  }

  /** Tags and states of the keys, and nothing else. */
  toJSON(): { readonly keys: readonly KeyStatus[] } {
    return { keys: this.keys };
  }

  get #context(): { readonly origin: Name; readonly keeper: KeyKeeper } {
    if (this.#attached === undefined)
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot sign without a zone');
    return this.#attached;
  }

  #firstKeys(): readonly KeptKey[] {
    const { keys, algorithm, style = 'csk' } = this.#options;
    const roles: readonly KeyRole[] = style === 'csk' ? ['csk'] : ['ksk', 'zsk'];
    const first = keys ?? roles.map((role) => generateKey(algorithm, { role }));
    if (!first.some(({ signsKeys }) => signsKeys) || !first.some(({ signsData }) => signsData))
      throw usageError('HAWSER_DNS_KEY', 'Cannot sign a zone without a CSK, or a KSK and a ZSK');
    const since = this.#clock.epoch();
    return first.map((key) => ({ key, state: 'active', since }));
  }

  /** A key to take the place of another, with a tag no other key has. */
  #makeLike({ role, algorithm }: SigningKey, { keys }: KeyBook): KeptKey {
    const tags = new Set(keys.map(({ key }) => key.tag));
    for (;;) {
      const key = generateKey(algorithm.name as KeyAlgorithm, { role });
      if (!tags.has(key.tag)) return { key, state: 'published', since: this.#clock.epoch() };
    }
  }

  #dsRecords(): Rdata[] {
    const { origin, keeper } = this.#context;
    const entry = keeper.keys?.entry;
    if (entry === undefined || entry === 'none') return [];
    return dsRecords(origin, entry, this.#state.digests);
  }

  /** New keys that are kept, and did not get into the zone: nobody can know them yet, and their time begins anew. */
  #withUnseen(book: KeyBook, { apex }: Zone): KeyBook {
    const shown = apex.get(Type.DNSKEY)?.records ?? [];
    const isUnseen = ({ key, state }: KeptKey): boolean =>
      state === 'published' && !shown.some(({ wire }) => wire.equals(key.rdata.wire));
    if (!book.keys.some(isUnseen)) return book;
    const since = this.#clock.epoch();
    return { ...book, keys: book.keys.map((kept) => (isUnseen(kept) ? { ...kept, since } : kept)) };
  }

  /** True if the zone says what it should about its keys, and its signatures count. */
  #isCurrent(zone: Zone): boolean {
    const keys = this.#state.keys();
    if (keys === undefined) return zone.apex.get(Type.RRSIG) === undefined;
    return isSignedWith(zone, keys) && this.#keyEdits(zone).length === 0 && this.#areGood(zone);
  }

  /** False if signatures have ended, as nobody renewed them, or have not begun, as a clock was ahead. */
  #areGood(zone: Zone): boolean {
    const nowSeconds = this.#clock.epoch() / 1000;
    return (zone.apex.get(Type.RRSIG)?.records ?? []).every((rdata) => {
      const { inception, expiration } = readSignature(rdata);
      return ((expiration - nowSeconds) | 0) > 0 && ((nowSeconds - inception) | 0) >= 0;
    });
  }

  #keyEdits(zone: Zone): Edit[] {
    const { origin } = this.#context;
    const keys = this.#state.keys();
    const { digests } = this.#state;
    const ttl = this.#keyTtl;
    const wanted = keys === undefined ? [] : keyRRsets(origin, keys, { ttl, digests });
    const edits = wanted.map((rrset) => ({ name: origin, type: rrset.type, rrset }));
    return edits.filter((edit) => zone.change([edit]) !== undefined);
  }

  /** Lets the hooks do what there is to do. */
  async #resign(zone: LiveZone): Promise<void> {
    this.#anew = this.#state.keys() !== undefined && !this.#areGood(zone.snapshot);
    try {
      await zone.transact((content) => {
        const { name } = content.soa;
        const edits = this.#keyEdits(content);
        // Any change of the origin does: its signatures are made in each.
        if (edits.length === 0) edits.push({ name, type: Type.RRSIG, rrset: undefined });
        return { edits, result: undefined };
      });
    } finally {
      this.#anew = false;
    }
  }

  /** The zone does what its keys do now. */
  async #follow({ before, after }: KeyChange): Promise<void> {
    const zone = this.#zone;
    if (zone !== undefined && !this.#isCurrent(zone.snapshot)) await this.#resign(zone);
    const active = new Set(activeTags(before));
    if (activeTags(after).some((tag) => !active.has(tag))) this.#upkeep?.hurry();
  }

  #wait(ms: number): void {
    this.#timer?.cancel();
    const reactor = this.#reactor;
    if (reactor === undefined) return;
    this.#timer = reactor.clock.callLater(ms, () => void this.#step(reactor));
  }

  async #step(reactor: Has<'clock' | 'reports'>): Promise<void> {
    try {
      const parent = await this.#askParent(reactor);
      await this.#context.keeper.change((book) => {
        const seen = this.#zone === undefined ? book : this.#withUnseen(book, this.#zone.snapshot);
        return stepKeys(seen, this.#facts(parent));
      });
    } catch (error) {
      reactor.reports.problem('dns.zone.keys', error);
    }
    this.#wait(MAX_WAIT_MS);
  }

  async #askParent({ reports }: Has<'reports'>): Promise<StepFacts['parent']> {
    const { parentDs } = this.#options;
    const now = this.#clock.now();
    const isEarly = now < this.#checkedParent + this.#checkMs;
    if (parentDs === undefined || isEarly || !awaitsParent(this.#context.keeper.book))
      return 'unknown';
    this.#checkedParent = now;
    try {
      return await parentDs(this.#context.origin);
    } catch (error) {
      reports.problem('dns.zone.parent', error);
      return 'unknown';
    }
  }

  #facts(parent: StepFacts['parent']): StepFacts {
    return {
      origin: this.#context.origin,
      now: this.#clock.epoch(),
      keyTtlMs: this.#keyTtl * 1000,
      propagationMs: this.#propagationMs,
      parent,
      renewed: this.#renewed,
    };
  }
}

function activeTags({ keys }: KeyBook): number[] {
  return keys.filter(({ state }) => state === 'active').map(({ key }) => key.tag);
}
